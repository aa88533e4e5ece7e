"""Workbooks, read in a process of their own that cannot harm this one."""
