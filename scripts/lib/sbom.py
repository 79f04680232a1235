"""Prints the software bill of materials of a program as CycloneDX 1.6 JSON, from Cargo.lock and the manifests.

Usage: sbom.py ROOT PROGRAM VERSION REVISION

Lists what is compiled into the program on any platform; what only tests use is left out. The C library and the
certificates of the image are those of the build image, which it names.
"""

import hashlib
import json
import sys
import tomllib
import uuid
from pathlib import Path

root, program, version, revision = Path(sys.argv[1]), *sys.argv[2:5]
packages = tomllib.loads((root / "Cargo.lock").read_text())["package"]
by_name = {}
for package in packages:
    by_name.setdefault(package["name"], []).append(package)


def manifests():
    """The manifest of each crate of the workspace, by its name."""
    found = {}
    for pattern in ("console/Cargo.toml", "proto-events/Cargo.toml", "crates/*/Cargo.toml", "services/*/Cargo.toml"):
        for path in root.glob(pattern):
            manifest = tomllib.loads(path.read_text())
            found[manifest["package"]["name"]] = manifest
    return found


OURS = manifests()


def dependencies_of(package):
    """The packages that the lock file names. Those of tests are in the manifest's `dev-dependencies` alone."""
    manifest = OURS.get(package["name"]) if "source" not in package else None
    used = None
    if manifest:
        tables = [manifest, *manifest.get("target", {}).values()]
        used = {spec.get("package", name) if isinstance(spec, dict) else name for table in tables for kind in ("dependencies", "build-dependencies") for name, spec in table.get(kind, {}).items()}
    for entry in package.get("dependencies", []):
        name, _, wanted = entry.partition(" ")
        if used is not None and name not in used:
            continue
        candidates = by_name[name]
        yield next(one for one in candidates if not wanted or one["version"] == wanted.split(" ")[0])


def purl(package):
    return f"pkg:cargo/{package['name']}@{package['version']}"


def component(package):
    entry = {"type": "library", "bom-ref": purl(package), "name": package["name"], "version": package["version"], "purl": purl(package)}
    if "checksum" in package:
        entry["hashes"] = [{"alg": "SHA-256", "content": package["checksum"]}]
    return entry


def main():
    first = by_name[program][0]
    seen, waiting = {}, [first]
    while waiting:
        package = waiting.pop()
        if purl(package) in seen:
            continue
        seen[purl(package)] = (package, sorted({purl(one) for one in dependencies_of(package)}))
        waiting += dependencies_of(package)
    base = next(line.split()[1] for line in (root / "deploy/Dockerfile").read_text().splitlines() if line.endswith(" AS rust"))
    # The same inputs give the same number.
    digest = hashlib.sha256("\n".join([program, version, revision, *sorted(seen)]).encode()).digest()[:16]
    bom = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid.UUID(bytes=digest, version=5)}",
        "version": 1,
        "metadata": {
            "component": {"type": "container", "bom-ref": f"ev-{program}", "name": f"ev-{program}", "version": version},
            "properties": [{"name": "revision", "value": revision}, {"name": "build image", "value": base}],
        },
        "components": [component(package) for _, (package, _) in sorted(seen.items())],
        "dependencies": [{"ref": f"ev-{program}", "dependsOn": [purl(first)]}] + [{"ref": ref, "dependsOn": needs} for ref, (_, needs) in sorted(seen.items())],
    }
    print(json.dumps(bom, indent=1))


main()
