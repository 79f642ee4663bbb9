"""A client of a registry that shows what it does: one call of the distribution API a method.

A registry whose storage is away for a moment answers 5xx or hangs up: that is `Away`, and may be tried again.
"""
import hashlib
import http.client
import json
import urllib.parse

OCI = "application/vnd.oci.image."
DOCKER = "application/vnd.docker.distribution.manifest."
ACCEPT = ", ".join([OCI + "manifest.v1+json", OCI + "index.v1+json",
                    DOCKER + "v2+json", DOCKER + "list.v2+json"])


class Away(Exception):
    """The registry did not answer, or could not reach its storage."""


class Refused(Exception):
    """The registry said no."""


class Broken(Exception):
    """Something that a manifest names is not there, or is not what it says."""


def digest_of(data):
    return "sha256:" + hashlib.sha256(data).hexdigest()


class Registry:
    """One connection; not to be shared between threads."""

    def __init__(self, url):
        self.url = url
        self.host = urllib.parse.urlsplit(url).netloc
        self.connection = None

    def request(self, method, target, body=None, headers=None, expected=()):
        """Status, header fields and body; throws `Refused` for a status below 500 that is not expected."""
        parts = urllib.parse.urlsplit(target)
        target = parts.path + ("?" + parts.query if parts.query else "")
        if self.connection is None:
            self.connection = http.client.HTTPConnection(self.host, timeout=60)
        try:
            self.connection.request(method, target, body=body, headers=headers or {})
            answer = self.connection.getresponse()
            data = answer.read()
        except (OSError, http.client.HTTPException) as error:
            self.close()
            raise Away(f"{method} {target}: {error!r}") from error
        # Some of what Distribution's driver cannot do is told as 400 or 405 with this code.
        unavailable = answer.status >= 500 or answer.status == 429
        if unavailable or b'"code":"UNKNOWN"' in data:
            raise Away(f"{method} {target}: {answer.status} {data[:300]}")
        if answer.status not in expected:
            raise Refused(f"{method} {target}: {answer.status} {data[:300]}")
        return answer.status, answer.headers, data

    def close(self):
        if self.connection is not None:
            self.connection.close()
            self.connection = None

    # Blobs

    def has(self, repository, digest):
        target = f"/v2/{repository}/blobs/{digest}"
        return self.request("HEAD", target, expected=(200, 307, 404))[0] != 404

    def begin(self, repository):
        """Opens an upload and returns where it goes on."""
        return self.request("POST", f"/v2/{repository}/blobs/uploads/", expected=(202,),
                            headers={"Content-Length": "0"})[1]["Location"]

    def send(self, location, data, offset):
        headers = {"Content-Type": "application/octet-stream",
                   "Content-Range": f"{offset}-{offset + len(data) - 1}"}
        return self.request("PATCH", location, data, headers, expected=(202,))[1]["Location"]

    def finish(self, location, digest, data=b""):
        target = location + ("&" if "?" in location else "?") + "digest=" + digest
        self.request("PUT", target, data, {"Content-Type": "application/octet-stream"}, (201,))

    def abort(self, location):
        self.request("DELETE", location, expected=(204, 404))

    def upload(self, repository, data):
        self.finish(self.begin(repository), digest_of(data), data)

    def mount(self, repository, digest, source):
        """Whether the blob could be mounted; where it could not, nothing is left behind."""
        target = f"/v2/{repository}/blobs/uploads/?mount={digest}&from={source}"
        status, headers, _ = self.request(
            "POST", target, expected=(201, 202), headers={"Content-Length": "0"})
        if status == 202:
            self.abort(headers["Location"])
        return status == 201

    def blob(self, repository, digest):
        """The bytes, wherever the registry sends for them; `None` where they are not there."""
        status, headers, data = self.request(
            "GET", f"/v2/{repository}/blobs/{digest}", expected=(200, 307, 404))
        if status == 307:
            parts = urllib.parse.urlsplit(headers["Location"])
            storage = Registry(f"{parts.scheme}://{parts.netloc}")
            try:
                status, _, data = storage.request("GET", headers["Location"], expected=(200, 404))
            finally:
                storage.close()
        return data if status == 200 else None

    # Manifests

    def push(self, repository, manifest, reference=None):
        """Of a `Manifest`; by its digest where there is no reference."""
        target = f"/v2/{repository}/manifests/{reference or manifest.digest}"
        self.request("PUT", target, manifest.data, {"Content-Type": manifest.kind}, (201,))

    def manifest(self, repository, reference):
        """The bytes; `None` where it is not there."""
        status, _, data = self.request(
            "GET", f"/v2/{repository}/manifests/{reference}", headers={"Accept": ACCEPT},
            expected=(200, 404))
        return data if status == 200 else None

    def delete(self, repository, digest):
        """Deletes a manifest, and with it every tag of the repository that names it. Whether it was there."""
        target = f"/v2/{repository}/manifests/{digest}"
        return self.request("DELETE", target, expected=(202, 404))[0] == 202

    def pull(self, repository, digest):
        """All that a manifest reaches, every byte of it. Throws `Broken`."""
        data = self.manifest(repository, digest)
        if data is None:
            raise Broken(f"{repository}@{digest}: the manifest is not there")
        if digest_of(data) != digest:
            raise Broken(f"{repository}@{digest}: the manifest is another")
        document = json.loads(data)
        for child in document.get("manifests", []):
            self.pull(repository, child["digest"])
        config = [document["config"]] if "config" in document else []
        for blob in config + document.get("layers", []):
            data = self.blob(repository, blob["digest"])
            if data is None:
                raise Broken(f"{repository}@{digest}: {blob['digest']} is not there")
            if digest_of(data) != blob["digest"]:
                raise Broken(f"{repository}@{digest}: {blob['digest']} has other bytes")
