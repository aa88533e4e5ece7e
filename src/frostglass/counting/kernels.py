"""Compiled loops of counting. Each has a slow twin in tests/counting."""

from collections.abc import Callable

import numpy as np

from frostglass.counting.compiling import njit


@njit(cache=True, nogil=True)
def tally_one(a, weights, table):
    """Adds each row's weight to its cell; whether every row has a cell. ``weights`` may be a single one for all."""
    same, weight = len(weights) == 1, weights[0]
    for row in range(len(a)):
        cell = np.int64(a[row])
        if cell >= len(table):
            return False
        table[cell] += weight if same else weights[row]
    return True


@njit(cache=True, nogil=True)
def tally_two(a, b, size_b, weights, table):
    same, weight = len(weights) == 1, weights[0]
    for row in range(len(a)):
        cell = np.int64(a[row]) * size_b + b[row]
        if cell >= len(table):
            return False
        table[cell] += weight if same else weights[row]
    return True


@njit(cache=True, nogil=True)
def tally_three(a, b, c, size_b, size_c, weights, table):
    same, weight = len(weights) == 1, weights[0]
    for row in range(len(a)):
        cell = (np.int64(a[row]) * size_b + b[row]) * size_c + c[row]
        if cell >= len(table):
            return False
        table[cell] += weight if same else weights[row]
    return True


@njit(cache=True, nogil=True)
def tally_four(a, b, c, d, size_b, size_c, size_d, weights, table):
    same, weight = len(weights) == 1, weights[0]
    for row in range(len(a)):
        cell = ((np.int64(a[row]) * size_b + b[row]) * size_c + c[row]) * size_d + d[row]
        if cell >= len(table):
            return False
        table[cell] += weight if same else weights[row]
    return True


TALLIES: tuple[Callable[..., bool], ...] = (tally_one, tally_two, tally_three, tally_four)
"""By number of columns."""


@njit(cache=True, nogil=True)
def pack(codes, sizes, word_of, words):
    """Write the rows as mixed-radix numbers, column by column; whether every code is below its size."""
    words[:] = np.uint64(0)
    for column in range(codes.shape[1]):
        word, size = word_of[column], np.uint64(sizes[column])
        for row in range(codes.shape[0]):
            code = np.uint64(codes[row, column])
            if code >= size:
                return False
            words[word, row] = words[word, row] * size + code
    return True


@njit(cache=True, nogil=True)
def unpack(words, sizes, word_of, codes):
    """The inverse of ``pack``; ``words`` are used up."""
    for column in range(codes.shape[1] - 1, -1, -1):
        word, size = word_of[column], np.uint64(sizes[column])
        for row in range(codes.shape[0]):
            rest = words[word, row] // size
            codes[row, column] = np.uint16(words[word, row] - rest * size)
            words[word, row] = rest


@njit(cache=True, nogil=True)
def mix(word):
    """One step of SplitMix64 (Steele, Lea & Flood 2014): a permutation of the 64-bit words that leaves no pattern."""
    word = word + np.uint64(0x9E3779B97F4A7C15)
    word = (word ^ (word >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    word = (word ^ (word >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return word ^ (word >> np.uint64(31))


@njit(cache=True, nogil=True)
def mix_rows(words, keys, of_row, salt, hashes):
    """Write a hash of each row of a person: the salt with the person's key, then each word of the row, mixed in."""
    for row in range(words.shape[1]):
        mixed = mix(salt ^ keys[of_row[row]])
        for word in range(words.shape[0]):
            mixed = mix(mixed ^ words[word, row])
        hashes[row] = mixed >> np.uint64(1)


@njit(cache=True, nogil=True)
def _slot(words, row, mask):
    """Where the search for a row begins: its words, mixed."""
    mixed = np.uint64(0)
    for word in range(words.shape[0]):
        mixed = mix(mixed ^ words[word, row])
    return np.int64(mixed & np.uint64(mask))


@njit(cache=True, nogil=True)
def add_rows(words, weights, first, keys, held, number):
    """Enter rows from ``first`` on into an open hash table, until they end or half of it is taken.

    ``keys`` has a line of words a slot and ``held`` its weight, 0 where the slot is free; the number of slots is a
    power of two. ``weights`` may be a single one for all. Returns the row to go on with, and the number of slots taken.
    """
    same, mask = len(weights) == 1, len(held) - 1
    for row in range(first, words.shape[1]):
        if 2 * number >= len(held):
            return row, number
        slot = _slot(words, row, mask)
        while held[slot] != 0:
            equal = True
            for word in range(words.shape[0]):
                if keys[slot, word] != words[word, row]:
                    equal = False
            if equal:
                break
            slot = (slot + 1) & mask
        if held[slot] == 0:
            number += 1
            for word in range(words.shape[0]):
                keys[slot, word] = words[word, row]
        held[slot] += weights[0] if same else weights[row]
    return words.shape[1], number


@njit(cache=True, nogil=True)
def ascends(codes):
    """Whether each row is above the one before it, compared column by column."""
    for row in range(1, codes.shape[0]):
        above = False
        for column in range(codes.shape[1]):
            if codes[row, column] != codes[row - 1, column]:
                above = codes[row, column] > codes[row - 1, column]
                break
        if not above:
            return False
    return True
