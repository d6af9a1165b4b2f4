"""A certificate authority of our own and one server certificate, by openssl."""

import os
import subprocess


class Certificates:
    """`ca`, `server_chain` and `server_key` are paths of PEM files in `folder`."""

    def __init__(self, folder, name):
        folder = str(folder)
        os.makedirs(folder, exist_ok=True)
        self.ca = os.path.join(folder, f"{name}-ca.pem")
        self.server_chain = os.path.join(folder, f"{name}-server.pem")
        self.server_key = os.path.join(folder, f"{name}-server.key")
        ca_key = os.path.join(folder, f"{name}-ca.key")
        request = os.path.join(folder, f"{name}.csr")
        extensions = os.path.join(folder, f"{name}.ext")
        with open(extensions, "w", encoding="ascii") as file:
            file.write("subjectAltName=IP:127.0.0.1,DNS:localhost\nextendedKeyUsage=serverAuth\n")
        _openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", f"/CN={name} test authority",
                 "-keyout", ca_key, "-out", self.ca)
        _openssl("req", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=127.0.0.1", "-keyout", self.server_key,
                 "-out", request)
        _openssl("x509", "-req", "-in", request, "-CA", self.ca, "-CAkey", ca_key, "-CAcreateserial", "-days", "2",
                 "-extfile", extensions, "-out", self.server_chain)


def _openssl(*arguments):
    subprocess.run(["openssl", *arguments], check=True, capture_output=True)
