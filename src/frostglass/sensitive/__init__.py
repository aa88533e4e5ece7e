"""THE CLEAR SIDE: tables of real people. What is in here prints as withheld."""
