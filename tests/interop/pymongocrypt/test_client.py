# Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
"""Quern's automatic encryption against libmongocrypt's, without any server. Quern's analysis marks
the commands for both; from there on each goes its own way. With the same random bytes the commands
for the server must be equal byte for byte, and replies must decrypt to the same documents.

    test_client.py CLIENT_TOOL [ROUNDS] [SEED]
"""

import datetime
import random
import sys
import time

import bson
from bson import Int64
from peer import KeyVault, Libmongocrypt, Quern, randomness


def encrypted_fields(keys):
    fields = []
    for path, type, query, contention in [
        ("ssn", "string", "equality", 8),
        ("record.phone", "string", "equality", 0),
        ("record.age", "int", "equality", 4),
        ("record.billing", "object", None, None),
        ("notes", "array", None, None),
        ("born", "date", None, None),
    ]:
        field = {"keyId": keys.pop(), "path": path, "bsonType": type}
        if query:
            field["queries"] = {"queryType": query, "contention": Int64(contention)}
        fields.append(field)
    return {"fields": fields}


class Commands:
    """Commands of every kind that automatic encryption knows, with random values."""

    def __init__(self, random, encrypted_fields):
        self.random = random
        self.encrypted_fields = encrypted_fields

    def text(self):
        return "".join(self.random.choice("abcé7-") for _ in range(self.random.randrange(1, 30)))

    def age(self):
        return self.random.randrange(-(2**31), 2**31)

    def document(self):
        record = {"phone": self.text(), "age": self.age(), "plain": self.text()}
        if self.random.random() < 0.7:
            record["billing"] = {"card": self.text(), "deep": {"n": self.age()}}
        document = {"_id": self.age(), "name": self.text(), "record": record, "ssn": self.text()}
        if self.random.random() < 0.5:
            document["notes"] = [self.text(), {"x": self.age()}]
            document["born"] = datetime.datetime(1990, 1, self.random.randrange(1, 29))
        return document

    def filter(self):
        choices = [
            lambda: {},
            lambda: {"name": self.text()},
            lambda: {"ssn": self.text()},
            lambda: {"ssn": {"$eq": self.text()}, "record.age": self.age()},
            lambda: {"record.phone": {"$in": [self.text() for _ in range(self.random.randrange(4))]}},
            lambda: {"ssn": {"$ne": self.text()}},
            lambda: {"record.age": {"$nin": [self.age(), self.age()]}},
            lambda: {"record.age": {"$not": {"$eq": self.age()}}},
            lambda: {"$or": [self.filter(), {"ssn": self.text()}], "name": {"$gt": "a"}},
            lambda: {"$and": [self.filter(), self.filter()]},
            lambda: {"$nor": [self.filter(), {"name": self.text()}]},
            lambda: {"$expr": {"$eq": ["$ssn", self.text()]}},
            lambda: {"record.billing": {"$exists": True}},
        ]
        return self.random.choice(choices)()

    def update(self):
        choices = [
            lambda: {"$set": {"ssn": self.text(), "name": self.text()}},
            lambda: {"$set": {"record.billing": {"card": self.text()}}, "$unset": {"ssn": ""}},
            lambda: {"$set": {"record.age": self.age()}, "$inc": {"visits": 1}},
            lambda: {"$setOnInsert": {"record.phone": self.text()}},
            lambda: {"$rename": {"name": "surname"}},
            lambda: {key: value for key, value in self.document().items() if key != "_id"},
        ]
        return self.random.choice(choices)()

    def all(self):
        """Each kind once: (what, command)."""
        yield "insert", {"insert": "patients", "documents": [self.document()]}
        yield "insert of many", {
            "insert": "patients",
            "documents": [self.document() for _ in range(5)],
            "ordered": False,
        }
        yield "find", {"find": "patients", "filter": self.filter(), "limit": 3}
        yield "find with a projection", {
            "find": "patients",
            "filter": self.filter(),
            "projection": {"ssn": 1, "record": 1},
            "sort": {"name": 1},
        }
        yield "count", {"count": "patients", "query": self.filter()}
        yield "distinct", {"distinct": "patients", "key": "name", "query": self.filter()}
        yield "aggregate", {
            "aggregate": "patients",
            "pipeline": [{"$match": self.filter()}, {"$limit": 5}],
            "cursor": {},
        }
        yield "update", {
            "update": "patients",
            "updates": [
                {"q": self.filter(), "u": self.update(), "multi": False, "upsert": False},
            ],
        }
        yield "delete", {"delete": "patients", "deletes": [{"q": self.filter(), "limit": 1}]}
        yield "findAndModify", {
            "findAndModify": "patients",
            "query": self.filter(),
            "update": self.update(),
            "new": True,
        }
        yield "explain", {
            "explain": {"find": "patients", "filter": self.filter()},
            "verbosity": "queryPlanner",
        }
        yield "update of many", {
            "update": "patients",
            "updates": [
                {"q": self.filter(), "u": self.update(), "multi": False, "upsert": False}
                for _ in range(3)
            ],
            "ordered": True,
        }
        yield "createIndexes", {
            "createIndexes": "patients",
            "indexes": [{"key": {"name": 1}, "name": "by_name"}],
        }
        yield "create", {"create": "patients", "encryptedFields": self.encrypted_fields}
        yield "collMod", {"collMod": "patients", "validationLevel": "strict"}
        yield "plain collection", {"insert": "plain", "documents": [{"ssn": self.text()}]}
        yield "compact", {"compactStructuredEncryptionData": "patients"}
        yield "cleanup", {"cleanupStructuredEncryptionData": "patients"}
        yield "ping", {"ping": 1}


def mark(tool):
    """Quern's analysis, for commands as libmongocrypt sends them to a query analysis."""

    def analysis(database, command):
        document = bson.decode(command)
        if "isMaster" in document:  # libmongocrypt asks how old the analysis is
            return bson.encode({"maxWireVersion": 25, "ok": 1.0})
        for holder in (document, document.get("explain", {})):
            if isinstance(holder, dict):
                holder.pop("encryptionInformation", None)
        return tool.ask("mark", db=database, command=bson.encode(document))["reply"]

    return analysis


def main(path, rounds=200, seed=None):
    seed = int(seed) if seed is not None else random.randrange(2**32)
    print(f"seed {seed}, {rounds} rounds of every kind of command", flush=True)
    source = random.Random(seed)
    kek = source.randbytes(96)
    tool = Quern(path)

    vault = KeyVault(mark(tool))
    maker = Libmongocrypt(kek, vault)
    keys = [maker.create_key(source.randbytes(96))["_id"] for _ in range(6)]
    fields = encrypted_fields(keys)
    map = bson.encode({"db.patients": fields, "db.plain": {"fields": []}})
    tool.ask("setup", kek=kek, map=map, keys=[bson.encode(key) for key in vault.documents.values()])
    theirs = Libmongocrypt(kek, vault, map)

    commands = Commands(source, fields)
    start = time.monotonic()
    equal = refused = 0
    for _ in range(int(rounds)):
        for what, command in commands.all():
            encoded = bson.encode(command)
            randomness.start()
            try:
                expected = theirs.encrypt_command("db", encoded)
            except RuntimeError as error:  # the analysis refused; so must the runner
                refused += 1
                try:
                    tool.ask("run", db="db", command=encoded)
                except RuntimeError as ours:
                    assert str(ours).split(": ", 2)[2] == str(error).split(": ", 2)[2], (ours, error)
                    continue
                raise AssertionError(f"{what}: refused by the analysis, but run: {command}")
            result = tool.ask("run", db="db", command=encoded, random=randomness.drawn)
            same = result["sent"] == expected
            if what in ("compact", "cleanup"):  # whose tokens libmongocrypt lists in reverse order
                same = bson.decode(result["sent"]) == bson.decode(expected)
            if not same:
                raise AssertionError(
                    f"{what}: not equal to libmongocrypt\n  command {command}\n"
                    f"  theirs  {bson.decode(expected)}\n  ours    {bson.decode(result['sent'])}"
                )
            equal += 1
            if "documents" in command:
                reply = bson.encode({"ok": 1.0, "cursor": {"firstBatch": bson.decode(expected)["documents"]}})
                # As values without a schema: the plain collection's documents may hold any.
                ours = tool.ask("run", db="db", command=bson.encode({"find": "plain"}), reply=reply)
                assert bson.decode(theirs.decrypt_reply(reply)) == bson.decode(ours["reply"]), what
                assert bson.decode(ours["reply"])["cursor"]["firstBatch"] == command["documents"]
    if tool.close() != 0:
        raise AssertionError("client_tool ended with an error")
    print(f"{equal} commands equal, {refused} refused alike, in {time.monotonic() - start:.0f} s")


if __name__ == "__main__":
    main(*sys.argv[1:])
