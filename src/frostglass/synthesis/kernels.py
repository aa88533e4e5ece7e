"""Compiled loops of the record fit. Whole numbers throughout; every one has a slow twin in tests/test_record_fit.py."""

import numpy as np
from numba import njit


@njit(cache=True)
def count_all(codes, counts, first, offset, stride, others, strides):
    """Each table is counted through its first attribute only: the one whose number is below all the others'."""
    for place in range(codes.shape[1]):
        for row in range(first[place], first[place + 1]):
            leads = True
            for k in range(others.shape[1]):
                if strides[row, k] > 0 and others[row, k] < place:
                    leads = False
            if not leads:
                continue
            for record in range(codes.shape[0]):
                cell = offset[row] + stride[row] * np.int64(codes[record, place])
                for k in range(others.shape[1]):
                    cell += strides[row, k] * np.int64(codes[record, others[row, k]])
                counts[cell] += 1


@njit(cache=True)
def next_word(state):
    """SplitMix64. Source: Steele, Lea & Flood (2014). For order only; noise never comes from here."""
    state[0] += np.uint64(0x9E3779B97F4A7C15)
    z = state[0]
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


@njit(cache=True)
def below(limit, state):
    """A whole number from 0 to limit - 1; the bias, below limit / 2**63, does not matter here."""
    return np.int64((next_word(state) >> np.uint64(1)) % np.uint64(limit))


@njit(cache=True)
def shuffle(column, state):
    for last in range(len(column) - 1, 0, -1):
        other = below(last + 1, state)
        column[last], column[other] = column[other], column[last]


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


@njit(cache=True)
def allowed(record, attribute, value, start, place, truth, used, uses):
    """Whether the record keeps to every clause of ``attribute`` when that takes ``value``."""
    for use in range(used[attribute], used[attribute + 1]):
        clause = uses[use]
        holds = False
        for literal in range(start[clause], start[clause + 1]):
            held = value if place[literal] == attribute else record[place[literal]]
            if truth[literal, held]:
                holds = True
                break
        if not holds:
            return False
    return True


@njit(cache=True)
def sweep_all(
    codes,
    slope,
    sizes,
    first,
    offset,
    stride,
    others,
    strides,
    table_weight,
    start,
    place,
    truth,
    used,
    uses,
    state,
):
    """Visit every value of every record once, records in random order, and move it to where the distance is least.

    Moving a record from cell u to cell v of a table of weight w changes the distance by
    ``slope[v] - slope[u] + 2 w``; the current value wins ties.
    """
    records, attributes = codes.shape
    order = np.arange(records)
    shuffle(order, state)
    most = 0
    for attribute in range(attributes):
        most = max(most, first[attribute + 1] - first[attribute])
    base = np.empty(most, dtype=np.int64)
    change = np.empty(sizes.max(), dtype=np.int64)
    for turn in range(records):
        record = codes[order[turn]]
        for attribute in range(attributes):
            begin, end = first[attribute], first[attribute + 1]
            change[:] = 0
            all_weights = np.int64(0)
            for row in range(begin, end):
                cell = offset[row]
                for k in range(others.shape[1]):
                    cell += strides[row, k] * np.int64(record[others[row, k]])
                base[row - begin] = cell
                all_weights += table_weight[row]
                for value in range(sizes[attribute]):
                    change[value] += slope[cell + value * stride[row]]
            now = np.int64(record[attribute])
            best, least = now, change[now] - 2 * all_weights
            for value in range(sizes[attribute]):
                if change[value] < least and allowed(record, attribute, value, start, place, truth, used, uses):
                    best, least = value, change[value]
            if best != now:
                for row in range(begin, end):
                    slope[base[row - begin] + now * stride[row]] -= 2 * table_weight[row]
                    slope[base[row - begin] + best * stride[row]] += 2 * table_weight[row]
                record[attribute] = best
