# SPDX-License-Identifier: Apache-2.0
"""Authorities and certificates for a test, made by openssl(1): good ones and each kind of bad."""

import atexit
import os
import shutil
import subprocess
import tempfile

OPENSSL = shutil.which("openssl")

CONFIG = """[ca]
default_ca = this
[this]
database = {dir}/index.txt
serial = {dir}/serial
new_certs_dir = {dir}
default_md = sha256
policy = any
copy_extensions = copy
unique_subject = no
[any]
commonName = supplied
"""


def run(*words):
    done = subprocess.run([OPENSSL, *words], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode:
        raise AssertionError(f"openssl {words[0]}: {done.stderr[-1000:]}")


class Authority:
    def __init__(self, name):
        self.dir = tempfile.mkdtemp(prefix="repcast-ca-")
        atexit.register(shutil.rmtree, self.dir, ignore_errors=True)
        self.file, self.key, self.conf = self.dir + "/ca.pem", self.dir + "/ca.key", self.dir + "/conf"
        open(self.dir + "/index.txt", "w", encoding="ascii").close()
        with open(self.dir + "/serial", "w", encoding="ascii") as f:
            f.write("01\n")
        with open(self.conf, "w", encoding="ascii") as f:
            f.write(CONFIG.format(dir=self.dir))
        run("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
            "-subj", "/CN=" + name, "-keyout", self.key, "-out", self.file)

    def sign(self, name, alternatives=None, first=None, last=None):
        """Returns the paths of a certificate and its key. first, last: of its validity, YYYYMMDDHHMMSSZ."""
        base = tempfile.mktemp(dir=self.dir)
        extension = ["-addext", "subjectAltName=" + alternatives] if alternatives else []
        run("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj",
            "/CN=" + name, "-keyout", base + ".key", "-out", base + ".csr", *extension)
        validity = ["-startdate", first, "-enddate", last] if first else ["-days", "1"]
        run("ca", "-batch", "-notext", "-config", self.conf, "-cert", self.file, "-keyfile", self.key, "-in",
            base + ".csr", "-out", base + ".pem", *validity)
        os.chmod(base + ".key", 0o600)
        return base + ".pem", base + ".key"
