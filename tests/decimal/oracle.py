#!/usr/bin/env python3
# Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
"""Compares decimal arithmetic with Python's decimal module on random operands.

Every result must be the correctly rounded one; of the four operations, remainders and rounded values the text is
compared, so that the scale is held too.

    oracle.py TOOL [COUNT [SEED]]
"""
import random
import subprocess
import sys
from decimal import (ROUND_CEILING, ROUND_DOWN, ROUND_FLOOR, ROUND_HALF_EVEN, Context, Decimal,
                     DivisionByZero, InvalidOperation)

DECIMAL128 = Context(prec=34, Emin=-6143, Emax=6144, clamp=1, rounding=ROUND_HALF_EVEN, traps=[])
EXACT = Context(prec=13000, Emin=-99999, Emax=99999, traps=[])
FINE = Context(prec=120, Emin=-99999, Emax=99999, traps=[])
ROUNDINGS = {"half_even": ROUND_HALF_EVEN, "down": ROUND_FLOOR, "up": ROUND_CEILING, "to_zero": ROUND_DOWN}
SPECIAL = ["0", "-0", "0E+6111", "-0E-6176", "1", "-1", "10", "1E-6176", "-1E-6176", "1E-6143", "9.999999999999999999999999999999999E+6144",
           "-9.999999999999999999999999999999999E+6144", "9999999999999999999999999999999999", "1E+6111", "NaN", "Infinity",
           "-Infinity", "0.5", "1.5", "2.5", "5E-6176", "1.000000000000000000000000000000000"]


def operand(rng):
    """Digits and exponents of every size, ties, long runs of nines and zeros, and the limits of the format."""
    kind = rng.random()
    if kind < 0.05:
        return Decimal(rng.choice(SPECIAL))
    length = rng.choice([1, 2, 3, 5, 16, 17, 33, 34, rng.randint(1, 34)])
    pattern = rng.random()
    if pattern < 0.7:
        digits = "".join(rng.choice("0123456789") for _ in range(length))
    elif pattern < 0.8:
        digits = "9" * length
    elif pattern < 0.9:
        digits = rng.choice("123456789") + "0" * (length - 1)
    else:
        digits = "".join(rng.choice("05") for _ in range(length))
    spread = rng.random()
    if spread < 0.6:
        exponent = rng.randint(-40, 20)
    elif spread < 0.8:
        exponent = rng.choice([-6176, 6111]) + rng.choice([-1, 1]) * rng.randint(0, 40)
    else:
        exponent = rng.randint(-6176, 6111)
    exponent = min(max(exponent, -6176), 6111)
    return Decimal((rng.randint(0, 1), tuple(int(d) for d in digits), exponent))


def close_to(rng, value):
    """A second operand whose digits overlap the first one's, half of the time."""
    other = operand(rng)
    if rng.random() < 0.5 and value.is_finite() and other.is_finite():
        sign, digits, _ = other.as_tuple()
        exponent = value.as_tuple().exponent + rng.randint(-40, 40)
        return Decimal((sign, digits, min(max(exponent, -6176), 6111)))
    return other


def moderate(rng):
    """A positive operand whose powers are mostly finite, one in five very close to one."""
    if rng.random() < 0.2:
        return DECIMAL128.add(1, Decimal((rng.randint(0, 1), (rng.randint(1, 9),), rng.randint(-34, -5))))
    digits = tuple(rng.randint(0, 9) for _ in range(rng.randint(1, 34)))
    return Decimal((0, digits, rng.randint(-34, 3) - len(digits) + rng.randint(0, 4)))


def text(value):
    return "NaN" if value.is_nan() else str(value)


def remainder(a, b):
    if a.is_nan() or b.is_nan() or a.is_infinite() or b.is_zero():
        return Decimal("NaN")
    # The quotient can have 12,000 digits, which the module refuses to pass over at 34. A zero keeps its sign.
    return DECIMAL128.plus(EXACT.remainder(a, b)).copy_sign(a)


def rounded(a, places, mode):
    if not a.is_finite():
        return a
    # With that many places, zeros included; as it stands where they don't fit into 34 digits.
    result = a.quantize(Decimal((0, (1,), -places)), rounding=ROUNDINGS[mode], context=DECIMAL128)
    return result if result.is_finite() else a


def compare(a, b):
    if a.is_nan() or b.is_nan():  # equal to itself and below everything else
        return (not a.is_nan()) - (not b.is_nan())
    return int(EXACT.compare(a, b))


def cases(rng, count):
    """(line for the tool, expected result, how the two must agree)."""
    binary = {"add": DECIMAL128.add, "subtract": DECIMAL128.subtract, "multiply": DECIMAL128.multiply,
              "divide": DECIMAL128.divide}
    for index in range(count):
        choice = index % 20
        a = operand(rng)
        b = close_to(rng, a)
        if choice < 12:
            name = list(binary)[choice % 4]
            yield f"{name} {a} {b}", binary[name](a, b), "text"
        elif choice < 14:
            yield f"modulo {a} {b}", remainder(a, b), "text"
        elif choice == 14:
            mode, places = rng.choice(list(ROUNDINGS)), rng.randint(-20, 100)
            yield f"round_{mode} {a} {places}", rounded(a, places, mode), "text"
        elif choice == 15:
            yield f"compare {a} {b}", compare(a, b), "integer"
        elif choice == 16:
            yield f"absolute {a}", a.copy_abs(), "text"
            yield f"to_double {a}", float(a), "double"
        elif choice == 17:
            number = rng.choice([rng.uniform(-1e3, 1e3), rng.gauss(0, 1) * 10.0 ** rng.randint(-300, 300)])
            yield f"from_double {number.hex()}", DECIMAL128.plus(Decimal(number)), "value"
        elif choice == 18:
            a = a.copy_abs()
            yield f"square_root {a}", DECIMAL128.sqrt(a), "value"
        else:
            name, exact = rng.choice([("exponential", DECIMAL128.exp), ("natural_logarithm", DECIMAL128.ln),
                                      ("logarithm10", DECIMAL128.log10)])
            x = moderate(rng)
            yield f"{name} {x}", exact(x), "value"
            x, y = moderate(rng), moderate(rng)
            if not x.is_zero() and abs(FINE.multiply(FINE.log10(x), y)) < 6200:
                yield f"power {x} {y}", DECIMAL128.plus(FINE.power(x, y)), "value"


def agrees(got, expected, how):
    if how == "integer":
        return int(got) == expected
    if how == "double":
        value = float.fromhex(got) if "0x" in got else float(got)
        return value == expected or (value != value and expected != expected)
    if how == "text":
        return got == text(expected)
    value = Decimal(got)
    if value.is_nan() or expected.is_nan():
        return value.is_nan() and expected.is_nan()
    return value == expected


def main():
    tool = sys.argv[1]
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 100_000
    rng = random.Random(int(sys.argv[3]) if len(sys.argv) > 3 else 20260101)
    work = list(cases(rng, count))
    answers = subprocess.run([tool], input="".join(line + "\n" for line, _, _ in work), text=True,
                             stdout=subprocess.PIPE, check=True).stdout.splitlines()
    if len(answers) != len(work):
        sys.exit(f"{len(work)} questions, {len(answers)} answers")
    wrong = [(line, expected, got) for (line, expected, how), got in zip(work, answers)
             if not agrees(got, expected, how)]
    for line, expected, got in wrong[:20]:
        print(f"{line}: {got}, expected {expected}")
    print(f"{len(work) - len(wrong)} passed, {len(wrong)} failed")
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
