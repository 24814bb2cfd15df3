# Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
"""The two sides of the comparison: libmongocrypt (through pymongocrypt) and Quern (through a tool on a
pipe). Explicit encryption takes and gives the bytes of documents {"v": value}."""

import base64
import json
import os
import subprocess
import uuid

import bson
import pymongocrypt.mongocrypt
from pymongocrypt.binary import MongoCryptBinaryIn, _write_bytes
from pymongocrypt.binding import ffi, lib
from pymongocrypt.mongocrypt import ExplicitEncryptionContext, MongoCrypt
from pymongocrypt.options import ExplicitEncryptOpts, MongoCryptOptions
from pymongocrypt.synchronous.state_machine import MongoCryptCallback, run_state_machine

DETERMINISTIC = "AEAD_AES_256_CBC_HMAC_SHA_512-Deterministic"
RANDOM = "AEAD_AES_256_CBC_HMAC_SHA_512-Random"


class Randomness:
    """Where libmongocrypt's random bytes come from: a recorded stream, so that Quern can be given
    the same bytes."""

    def __init__(self):
        self.drawn = b""

    def start(self):
        self.drawn = b""

    def draw(self, count):
        data = os.urandom(count)
        self.drawn += data
        return data


randomness = Randomness()


@ffi.callback("bool(void *, mongocrypt_binary_t *, uint32_t, mongocrypt_status_t *)")
def recorded_random(ctx, output, count, status):
    _write_bytes(output, randomness.draw(int(count)))
    return True


pymongocrypt.mongocrypt.secure_random = recorded_random


class KeyVault(MongoCryptCallback):
    """Answers libmongocrypt's questions: about keys from memory, about commands (in automatic
    encryption) by analysis(database, command), which answers as a query analysis does."""

    def __init__(self, analysis=None):
        self.documents = {}
        self.analysis = analysis

    def fetch_keys(self, filter):
        wanted = bson.decode(filter)["$or"][0]["_id"]["$in"]
        return [bson.encode(self.documents[bytes(id)]) for id in wanted]

    def bson_encode(self, doc):
        return bson.encode(doc)

    def kms_request(self, kms_context):
        raise AssertionError("a local key needs no KMS")

    def collection_info(self, database, filter):
        raise AssertionError("explicit encryption needs no schema")

    def mark_command(self, database, cmd):
        return self.analysis(database, cmd)

    def insert_data_key(self, data_key):
        document = bson.decode(data_key)
        self.documents[bytes(document["_id"])] = document
        return document["_id"]

    def close(self):
        pass


class Libmongocrypt:
    def __init__(self, kek, vault=None, encrypted_fields_map=None):
        self.vault = vault or KeyVault()
        self.crypt = MongoCrypt(
            MongoCryptOptions(
                {"local": {"key": kek}},
                bypass_encryption=True,
                encrypted_fields_map=encrypted_fields_map,
            ),
            self.vault,
        )

    def create_key(self, material):
        """Wraps a data key; gives its document."""
        from pymongocrypt.options import DataKeyOpts

        opts = DataKeyOpts(key_material=bson.encode({"keyMaterial": material}))
        opts.key_alt_names = []
        with self.crypt.data_key_context("local", opts) as ctx:
            id = self.vault.insert_data_key(run_state_machine(ctx, self.vault))
        return self.vault.documents[bytes(id)]

    def encrypt(self, value, key, algorithm, index_key=None, query=None, contention=None):
        """value and the result are documents {v}."""
        opts = ExplicitEncryptOpts(
            algorithm, key_id=key, query_type=query, contention_factor=contention
        )
        ctx = self.crypt._create_context()
        if index_key is not None:
            with MongoCryptBinaryIn(index_key) as binary:
                assert lib.mongocrypt_ctx_setopt_index_key_id(ctx, binary.bin)
        providers = {"local": {}}
        with ExplicitEncryptionContext(ctx, providers, value, opts) as context:
            return run_state_machine(context, self.vault)

    def decrypt(self, value):
        with self.crypt.explicit_decryption_context(value) as context:
            return run_state_machine(context, self.vault)


    def encrypt_command(self, database, command):
        with self.crypt.encryption_context(database, command) as context:
            return run_state_machine(context, self.vault) or command

    def decrypt_reply(self, reply):
        with self.crypt.decryption_context(reply) as context:
            return run_state_machine(context, self.vault) or reply


class Quern:
    def __init__(self, tool):
        self.process = subprocess.Popen(
            [tool], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def ask(self, op, **arguments):
        request = {"op": op}
        for name, value in arguments.items():
            if isinstance(value, uuid.UUID):
                request[name] = _binary(value.bytes, "04")
            elif isinstance(value, bytes):
                request[name] = _binary(value, "00")
            elif isinstance(value, list):
                request[name] = [_binary(item, "00") for item in value]
            else:
                request[name] = value
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()
        answer = json.loads(self.process.stdout.readline())
        if "error" in answer:
            raise RuntimeError(f"Quern: {op}: {answer['error']}")
        return {key: base64.b64decode(value["$binary"]["base64"]) for key, value in answer.items()}

    def close(self):
        self.process.stdin.close()
        return self.process.wait()


def _binary(data, subtype):
    return {"$binary": {"base64": base64.b64encode(data).decode(), "subType": subtype}}


def blob_document(blob):
    """{v: binary of subtype 6}"""
    return bson.encode({"v": bson.Binary(blob, 6)})


def blob_of(document):
    binary = bson.decode(document)["v"]
    assert isinstance(binary, bson.Binary) and binary.subtype == 6
    return bytes(binary)
