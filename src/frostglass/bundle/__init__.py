"""WHAT LEAVES THE BUILDING: a sealed folder, its promise in plain words, and the means to read and verify it."""
