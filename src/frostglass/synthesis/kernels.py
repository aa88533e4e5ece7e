"""Compiled loops of the record fit. Each has a slow twin in tests/synthesis/test_record_fit.py that must give the same.

Slopes are float32 and are added up in a fixed order, without any reordering by the compiler, so that the same input
gives the same records on every machine with IEEE arithmetic; the exponential comes from a table.
"""

import numpy as np

from frostglass.counting.compiling import njit

BLOCK = 256
"""Records that are visited together, attribute by attribute, so that one attribute's tables stay in the cache."""

STEPS = 128
"""Entries of the exponential table for each unit of its argument; beyond its end the exponential counts as 0."""


@njit(cache=True, nogil=True)
def count_all(columns, counts, axes, sizes, start):
    """Add to ``counts`` the records in every cell. ``columns`` has one row an attribute; ``axes`` ends in -1s."""
    records = columns.shape[1]
    for table in range(axes.shape[0]):
        length = 0
        while length < axes.shape[1] and axes[table, length] >= 0:
            length += 1
        base = start[table]
        if length == 1:
            a = columns[axes[table, 0]]
            for record in range(records):
                counts[base + a[record]] += 1
        elif length == 2:
            a, b = columns[axes[table, 0]], columns[axes[table, 1]]
            size_b = sizes[axes[table, 1]]
            for record in range(records):
                counts[base + a[record] * size_b + b[record]] += 1
        else:
            a, b, c = columns[axes[table, 0]], columns[axes[table, 1]], columns[axes[table, 2]]
            size_b, size_c = sizes[axes[table, 1]], sizes[axes[table, 2]]
            if length == 3:
                for record in range(records):
                    counts[base + (a[record] * size_b + b[record]) * size_c + c[record]] += 1
            else:
                e, size_e = columns[axes[table, 3]], sizes[axes[table, 3]]
                for record in range(records):
                    cell = ((a[record] * size_b + b[record]) * size_c + c[record]) * size_e + e[record]
                    counts[base + cell] += 1


@njit(cache=True, nogil=True)
def next_word(state):
    """SplitMix64. Source: Steele, Lea & Flood (2014). For order and sampling only; noise never comes from here."""
    state[0] += np.uint64(0x9E3779B97F4A7C15)
    z = state[0]
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


@njit(cache=True, nogil=True)
def below(limit, state):
    """A whole number from 0 to limit - 1; the bias, below limit / 2**63, does not matter here."""
    return np.int64((next_word(state) >> np.uint64(1)) % np.uint64(limit))


@njit(cache=True, nogil=True)
def shuffle(column, state):
    for last in range(len(column) - 1, 0, -1):
        other = below(last + 1, state)
        column[last], column[other] = column[other], column[last]


@njit(cache=True, nogil=True)
def first_of_shuffle(length, wanted, state):
    """The first ``wanted`` of 0, 1, … ``length - 1`` once shuffled, in memory that grows with ``wanted`` alone.

    The swaps of ``shuffle`` are undone from the last on, and the entries that it left in the first places followed to
    where they came from. From place ``wanted`` on, each swap to be undone moves at most one of them, and upwards:
    no swap undone before it has touched its upper place. They are found by their place in chains, a bucket each.
    """
    step, begin, own = np.uint64(0x9E3779B97F4A7C15), state[0], state.copy()
    held = np.arange(wanted)
    for last in range(1, wanted):
        own[0] = begin + step * np.uint64(length - 1 - last)
        other = below(last + 1, own)
        held[last], held[other] = held[other], held[last]
    buckets = 1
    while buckets < wanted:
        buckets *= 2
    place, head, after = np.empty(wanted, np.int64), np.full(buckets, -1), np.full(wanted, -1)
    for at in range(wanted):
        place[held[at]], head[at] = at, held[at]
    for last in range(wanted, length):
        own[0] = begin + step * np.uint64(length - 1 - last)
        other = below(last + 1, own)
        before, entry = -1, head[other & (buckets - 1)]
        while entry >= 0 and place[entry] != other:
            before, entry = entry, after[entry]
        if entry >= 0:
            if before >= 0:
                after[before] = after[entry]
            else:
                head[other & (buckets - 1)] = after[entry]
            place[entry], after[entry] = last, head[last & (buckets - 1)]
            head[last & (buckets - 1)] = entry
    state[0] = begin + step * np.uint64(max(length - 1, 0))
    return place


@njit(cache=True)
def broken(record, start, place, truth):
    """Number of the first clause that the record breaks, or -1."""
    for clause in range(len(start) - 1):
        holds = False
        for literal in range(start[clause], start[clause + 1]):
            if truth[literal, record[place[literal]]]:
                holds = True
                break
        if not holds:
            return clause
    return -1


@njit(cache=True)
def repair_all(codes, weights, start, place, truth, steps, state):
    """Walk each record towards the rules: make a random literal of a broken clause true, by weight of its values."""
    stuck = np.zeros(codes.shape[0], dtype=np.bool_)
    for number in range(codes.shape[0]):
        record = codes[number]
        clause = broken(record, start, place, truth)
        taken = 0
        while clause >= 0 and taken < steps:
            literal = start[clause] + below(start[clause + 1] - start[clause], state)
            whole = np.int64(0)
            for value in range(weights.shape[1]):
                if truth[literal, value]:
                    whole += weights[place[literal], value]
            if whole > 0:
                mark = below(whole, state)
                for value in range(weights.shape[1]):
                    if truth[literal, value]:
                        mark -= weights[place[literal], value]
                        if mark < 0:
                            record[place[literal]] = value
                            break
            clause = broken(record, start, place, truth)
            taken += 1
        stuck[number] = clause >= 0
    return stuck


@njit(cache=True, nogil=True)
def forbid(energy, record, attribute, size, start, place, truth, used, uses):
    """Make the energy of every value infinite that would break a clause of ``attribute`` in this record."""
    for use in range(used[attribute], used[attribute + 1]):
        clause = uses[use]
        own = np.int64(-1)
        held = False
        for literal in range(start[clause], start[clause + 1]):
            if place[literal] == attribute:
                own = literal
            elif truth[literal, record[place[literal]]]:
                held = True
                break
        if not held:
            for value in range(size):
                if not truth[own, value]:
                    energy[value] = np.float32(np.inf)


@njit(cache=True, nogil=True)
def find_cells(cells, values, begin, end, offset, others, strides):
    """For each row of an attribute: the cell of its table that the record would be in with value 0."""
    wide = others.shape[1] > 2
    row = begin
    place = np.uint64(0)
    while row < end:
        cell = offset[row]
        cell += values[np.uint64(others[row, 0])] * strides[row, 0]
        cell += values[np.uint64(others[row, 1])] * strides[row, 1]
        if wide:
            cell += values[np.uint64(others[row, 2])] * strides[row, 2]
        cells[place] = cell
        place += np.uint64(1)
        row += np.uint64(1)


@njit(cache=True, nogil=True)
def add_slopes(energy, slope, cells, begin, end, stride, size):
    """``energy[v]``: the sum over the rows of the slope at value v. Reads up to three cells past a row's last."""
    one, two = np.uint64(1), np.uint64(2)
    rows = end - begin
    if size <= 12:
        for first in range(0, size, 4):
            a, b, c, d = np.float32(0), np.float32(0), np.float32(0), np.float32(0)
            row = np.uint64(0)
            if size - first <= 2:
                while row < rows:
                    step = np.uint64(stride[begin + row])
                    cell = np.uint64(cells[row]) + np.uint64(first) * step
                    a += slope[cell]
                    b += slope[cell + step]
                    row += one
            else:
                while row < rows:
                    step = np.uint64(stride[begin + row])
                    cell = np.uint64(cells[row]) + np.uint64(first) * step
                    a += slope[cell]
                    b += slope[cell + step]
                    cell += two * step
                    c += slope[cell]
                    d += slope[cell + step]
                    row += one
            energy[first], energy[first + 1], energy[first + 2], energy[first + 3] = a, b, c, d
        return
    energy[:size] = np.float32(0)
    row = np.uint64(0)
    while row < rows:
        step = np.uint64(stride[begin + row])
        cell = np.uint64(cells[row])
        if step == one:
            along = slope[cell : cell + np.uint64(size)]
            for value in range(size):
                energy[value] += along[value]
        else:
            for value in range(size):
                energy[value] += slope[cell + np.uint64(value) * step]
        row += one


@njit(cache=True, nogil=True)
def least(energy, size):
    """The value of least energy, the smallest of equals."""
    best = 0
    for value in range(1, size):
        if energy[value] < energy[best]:
            best = value
    return best


@njit(cache=True, nogil=True)
def draw(energy, size, coldness, exponential, state):
    """A value with probability proportional to ``exp(-energy * coldness / STEPS)``. Overwrites ``energy``."""
    best = least(energy, size)
    lowest = energy[best]
    end = np.float32(len(exponential))
    total = np.float32(0)
    for value in range(size):
        steps = (energy[value] - lowest) * coldness
        weight = np.float32(0)
        if steps < end:
            weight = exponential[np.uint64(steps)]
        energy[value] = weight
        total += weight
    mark = np.float32(next_word(state) >> np.uint64(40)) * np.float32(2.0**-24) * total
    for value in range(size):
        mark -= energy[value]
        if mark < 0:
            return value
    return best


@njit(cache=True, nogil=True)
def sweep(
    codes,
    order,
    slope,
    sizes,
    first,
    offset,
    stride,
    others,
    strides,
    step_up,
    own_step,
    start,
    place,
    truth,
    used,
    uses,
    coldness,
    exponential,
    state,
):
    """Visit every value of the records in ``order`` once and draw it anew, or where ``coldness`` is 0 take the best.

    Moving a record from cell u to cell v of a table of weight w changes the distance by
    ``slope[v] - slope[u] + 2 w``; ``step_up`` is 2 w of each row and ``own_step`` their sum for each attribute.
    """
    attributes = codes.shape[1]
    rows, widest = np.int64(0), np.int64(0)
    for attribute in range(attributes):
        rows = max(rows, first[attribute + 1] - first[attribute])
        widest = max(widest, sizes[attribute])
    values = np.empty(attributes, dtype=np.uint32)
    energy = np.empty(widest + 4, dtype=np.float32)
    cells = np.empty(rows, dtype=np.uint32)
    for block in range(0, len(order), BLOCK):
        for attribute in range(attributes):
            begin, end = np.uint64(first[attribute]), np.uint64(first[attribute + 1])
            size = sizes[attribute]
            ruled = used[attribute] < used[attribute + 1]
            for turn in range(block, min(block + BLOCK, len(order))):
                record = codes[order[turn]]
                for k in range(attributes):
                    values[k] = record[k]
                find_cells(cells, values, begin, end, offset, others, strides)
                add_slopes(energy, slope, cells, begin, end, stride, size)
                now = np.int64(values[attribute])
                energy[now] -= own_step[attribute]
                if ruled:
                    forbid(energy, record, attribute, size, start, place, truth, used, uses)
                if coldness > 0:
                    new = draw(energy, size, coldness, exponential, state)
                else:
                    new = least(energy, size)
                    if not energy[new] < energy[now]:
                        new = now
                if new != now:
                    row = np.uint64(0)
                    while row < end - begin:
                        up = step_up[begin + row]
                        step = np.uint64(stride[begin + row])
                        cell = np.uint64(cells[row])
                        slope[cell + np.uint64(now) * step] -= up
                        slope[cell + np.uint64(new) * step] += up
                        row += np.uint64(1)
                    record[attribute] = new
