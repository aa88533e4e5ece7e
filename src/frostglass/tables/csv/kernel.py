"""A compiled reader of CSV that accepts what Python's strict reader accepts, and gives each cell as a number.

It works on UTF-8, block by block. Within one part of a table equal cells of a column get equal numbers, in the order in
which they first occur. Its slow twin is ``csv_reader.read_csv``.
"""

import numpy as np

from frostglass.counting.compiling import njit

MORE, FULL, ROOM, FAULT, DONE = 0, 1, 2, 3, 4
"""Why the reader stopped: the block ends within a record; the part is full; room for cells is wanted; a record that
nobody may take; the file is at its end."""

POSITION, ROWS, BLANK, LONE_RETURNS, TO_SKIP, USED = 0, 1, 2, 3, 4, 5
"""Places in the reader's state: of the record that comes next, records and blank lines so far, whether a line ended
with a carriage return alone, records to pass over, bytes of cells kept."""

_QUOTE, _RETURN, _LINE = np.uint8(34), np.uint8(13), np.uint8(10)


@njit(cache=True, nogil=True, inline="always")
def _number_of(block, begin, end, doubled, column, slots, hashes, starts, lengths, counts, cells, state):
    """The number of a cell among those of its column; -1 when there is no room for one more."""
    used = state[USED]
    if 2 * counts[column] >= slots.shape[1] or used + (end - begin) > len(cells):
        return -1
    hashed, length, place = np.uint64(0xCBF29CE484222325), 0, begin  # FNV-1a, its halves folded
    while place < end:
        hashed = (hashed ^ np.uint64(block[place])) * np.uint64(0x100000001B3)
        length += 1
        place += 2 if doubled and block[place] == _QUOTE else 1
    hashed ^= hashed >> np.uint64(32)
    mask = slots.shape[1] - 1
    slot = np.int64(hashed & np.uint64(mask))
    while slots[column, slot] != 0:
        number = slots[column, slot] - 1
        if hashes[column, number] == hashed and lengths[column, number] == length:
            kept, place = starts[column, number], begin
            while place < end and cells[kept] == block[place]:
                kept += 1
                place += 2 if doubled and block[place] == _QUOTE else 1
            if place >= end:
                return number
        slot = (slot + 1) & mask
    number = counts[column]
    slots[column, slot] = number + 1
    hashes[column, number], starts[column, number], lengths[column, number] = hashed, used, length
    counts[column] += 1
    place = begin
    while place < end:
        cells[used] = block[place]
        used += 1
        place += 2 if doubled and block[place] == _QUOTE else 1
    state[USED] = used
    return number


@njit(cache=True, nogil=True)
def rehash(slots, hashes, counts):
    """Enter the cells that are known into empty slots."""
    mask = slots.shape[1] - 1
    for column in range(slots.shape[0]):
        for number in range(counts[column]):
            slot = np.int64(hashes[column, number] & np.uint64(mask))
            while slots[column, slot] != 0:
                slot = (slot + 1) & mask
            slots[column, slot] = number + 1


@njit(cache=True, nogil=True)
def _is_long(block, begin, end, doubled, most):
    """Whether there are more than ``most`` characters."""
    if end - begin <= most:
        return False
    characters, place = 0, begin
    while place < end:
        if block[place] & 0xC0 != 0x80:
            characters += 1
        place += 2 if doubled and block[place] == _QUOTE else 1
    return characters > most


@njit(cache=True, nogil=True)
def read_records(
    block, final, delimiter, wanted, most_wanted, most, slots, hashes, starts, lengths, counts, cells, index, state
):
    """Read records from ``state[POSITION]`` on, and write the numbers of their cells to ``index``; says why it stopped.

    ``wanted`` has, for each column of the file, its line in ``index`` or -1. ``final``: the file ends with the block.
    A cell may have ``most`` characters, a wanted one ``most_wanted`` bytes: what is longer need not be told apart.
    """
    size, width, room = len(block), len(wanted), index.shape[1]
    place = state[POSITION]
    while True:
        state[POSITION] = place
        if place == size:
            return DONE if final else MORE
        if state[ROWS] == room:
            return FULL
        blank = block[place] == _LINE or block[place] == _RETURN
        field = 0
        while not blank:
            doubled = False
            if place < size and block[place] == _QUOTE:
                place += 1
                begin = place
                while True:
                    while place < size and block[place] != _QUOTE:
                        if block[place] == _RETURN and place + 1 < size and block[place + 1] != _LINE:
                            state[LONE_RETURNS] = 1
                        place += 1
                    if place == size:
                        return FAULT if final else MORE
                    if place + 1 == size and not final:
                        return MORE
                    if place + 1 == size or block[place + 1] != _QUOTE:
                        break
                    doubled = True
                    place += 2
                end = place
                place += 1
                if place < size and block[place] != delimiter and block[place] != _RETURN and block[place] != _LINE:
                    return FAULT
            else:
                begin = place
                while place < size and block[place] != delimiter and block[place] != _RETURN and block[place] != _LINE:
                    place += 1
                if place == size and not final:
                    return MORE
                end = place
            if _is_long(block, begin, end, doubled, most):
                return FAULT
            if field < width and wanted[field] >= 0 and state[TO_SKIP] == 0:
                if end - begin > most_wanted:
                    return FAULT
                column = wanted[field]
                number = _number_of(
                    block, begin, end, doubled, column, slots, hashes, starts, lengths, counts, cells, state
                )
                if number < 0:
                    return ROOM
                index[column, state[ROWS]] = number
            field += 1
            if place < size and block[place] == delimiter:
                place += 1
                continue
            break
        if place < size:
            if block[place] == _RETURN:
                if place + 1 == size and not final:
                    return MORE
                if place + 1 < size and block[place + 1] == _LINE:
                    place += 1
                else:
                    state[LONE_RETURNS] = 1
            place += 1
        if blank:
            state[BLANK] += 1
            if width > 1:
                continue
            if wanted[0] >= 0:
                number = _number_of(block, 0, 0, False, 0, slots, hashes, starts, lengths, counts, cells, state)
                if number < 0:
                    state[BLANK] -= 1
                    return ROOM
                index[0, state[ROWS]] = number
        elif field != width:
            return FAULT
        if state[TO_SKIP] > 0:
            state[TO_SKIP] -= 1
        else:
            state[ROWS] += 1
