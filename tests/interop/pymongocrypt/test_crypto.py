# Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
"""Quern's crypto layer against libmongocrypt, without any server: what one encrypts the other
decrypts, and with the same random bytes both give the same bytes.

    test_crypto.py CRYPTO_TOOL [VALUES-PER-TYPE] [SEED]
"""

import random
import sys
import time
import uuid

from peer import DETERMINISTIC, RANDOM, Libmongocrypt, Quern, blob_document, blob_of, randomness
from values import NOT_DETERMINISTIC, NOT_FOR_EQUALITY, TYPES, random_value


class Comparison:
    def __init__(self, tool, seed):
        self.random = random.Random(seed)
        kek = self.random.randbytes(96)
        self.theirs = Libmongocrypt(kek)
        self.ours = Quern(tool)
        self.user_key = self.add_key(kek)
        self.index_key = self.add_key(kek)
        self.checks = 0

    def add_key(self, kek):
        """A data key that both sides know; the wrapped forms must be equal."""
        material = self.random.randbytes(96)
        randomness.start()
        document = self.theirs.create_key(material)
        # libmongocrypt draws the key's id too; the wrapping takes an IV of 16 bytes.
        draws = [randomness.drawn[at : at + 16] for at in range(0, len(randomness.drawn), 16)]
        wrapped = [self.ours.ask("wrap", key=material, kek=kek, random=iv)["blob"] for iv in draws]
        self.expect(bytes(document["keyMaterial"]) in wrapped, "the wrapped data key")
        id = uuid.UUID(bytes=bytes(document["_id"]))
        self.ours.ask("key", id=id, key=material)
        return id

    checks = 0

    def expect(self, condition, what):
        self.checks += 1
        if not condition:
            raise AssertionError(f"not equal to libmongocrypt: {what}")

    def compare(self, what, op, value, **options):
        """Encrypts on both sides with the same randomness, and decrypts crosswise."""
        algorithm, query = {
            "unindexed": ("Unindexed", None),
            "deterministic": (DETERMINISTIC, None),
            "random": (RANDOM, None),
            "insert": ("Indexed", None),
            "find": ("Indexed", "equality"),
        }[op]
        contention = options.get("cm")
        index_key = options.get("index_key")
        randomness.start()
        theirs = blob_of(
            self.theirs.encrypt(
                value,
                self.user_key.bytes,
                algorithm,
                index_key=index_key.bytes if index_key else None,
                query=query,
                contention=contention,
            )
        )
        pinned = randomness.drawn
        ours = self.ours.ask(op, key=self.user_key, v=value, random=pinned, **options)["blob"]
        self.expect(ours == theirs, f"bytes of {op} of {what}")
        if op == "find":
            return
        fresh = self.ours.ask(op, key=self.user_key, v=value, **options)["blob"]
        self.expect(self.ours.ask("decrypt", blob=theirs)["v"] == value, f"our decrypt of {what}")
        self.expect(self.theirs.decrypt(blob_document(fresh)) == value, f"their decrypt of {what}")
        if op == "insert":
            stored = self.ours.ask("store", blob=fresh)["blob"]
            self.expect(self.theirs.decrypt(blob_document(stored)) == value, f"stored {what}")
            self.expect(self.ours.ask("decrypt", blob=stored)["v"] == value, f"stored {what}")

    def run(self, type, count):
        for number in range(count):
            value = random_value(type, self.random)
            what = f"{type} #{number}"
            self.compare(what, "unindexed", value)
            self.compare(what, "random", value)
            if type not in NOT_DETERMINISTIC:
                self.compare(what, "deterministic", value)
            if type not in NOT_FOR_EQUALITY:
                contention = self.random.choice([0, 1, 8, 1000])
                keys = {"cm": contention, "index_key": self.random.choice([self.user_key, self.index_key])}
                self.compare(what, "insert", value, **keys)
                self.compare(what, "find", value, **keys)


def main(tool, count=500, seed=None):
    seed = int(seed) if seed is not None else random.randrange(2**32)
    print(f"seed {seed}, {count} values of each of {len(TYPES)} types", flush=True)
    comparison = Comparison(tool, seed)
    start = time.monotonic()
    for type in TYPES:
        comparison.run(type, int(count))
    if comparison.ours.close() != 0:
        raise AssertionError("crypto_tool ended with an error")
    print(f"{comparison.checks} checks in {time.monotonic() - start:.0f} s: all equal")


if __name__ == "__main__":
    main(*sys.argv[1:])
