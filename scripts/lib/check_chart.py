"""Renders the Helm chart, and compares its objects with those of the kustomize overlays.

Usage: check_chart.py ROOT FOLDER. FOLDER has the rendered files of scripts/check-k8s. Prints one line per error; exit
code 1 if there is any. Needs PyYAML and helm-python-sdk, which has Helm's own engine.
"""

import json
import re
import sys
from pathlib import Path

import yaml
from helm_python.chart import Chart, lint

root, folder = Path(sys.argv[1]), Path(sys.argv[2])
SERVICES = sorted(path.name for path in (root / "services").iterdir() if path.is_dir())
CHART = str(root / "charts/ev")
PRODUCTION = {"replicas": {"min": 3, "max": 12}, "cpuRequest": "500m", "settings": {"HTTP_WORKERS": "4"}}
# Several times as fast, where PyYAML has it.
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
errors = []
chart = Chart.load(CHART)


def sets():
    """What is compared: a name, the values of the chart, and the files with the objects of kustomize."""
    parts = [f"service-{service}" for service in SERVICES] + ["gateway", "graph", "topology", "reconciliation", "namespace"]
    yield "the defaults", {}, parts
    yield "production", PRODUCTION, ["overlay-production"]
    variants = {
        "documents-in-bucket": {"documents": {"bucket": True}},
        "external-secrets": {"secretStore": "ev"},
        "ingress": {"gateway": {"ingress": True, "className": "nginx"}},
        "monitoring": {"monitoring": {"operator": True}},
        "private-ca": {"privateCa": True},
        "pii-keys-file": {"piiKeysFile": True},
        "virus-scan": {"documents": {"virusScan": True}},
    }
    present = {path.name for path in (root / "k8s/components").iterdir()} - {"job-names"}
    for missing in sorted(present ^ set(variants)):
        errors.append(f"the chart has no value for the component {missing}, or there is no such component")
    for name, values in variants.items():
        yield f"production with {name}", PRODUCTION | values, [f"overlay-production-{name}"]


def normal(value, names):
    """Without what differs for a reason: the order of lists, hashes in names, checksums in annotations."""
    if isinstance(value, dict):
        kept = {key: normal(item, names) for key, item in value.items() if not key.startswith("checksum/")}
        return {key: item for key, item in kept.items() if key != "namespace" and not (key in ("annotations", "env") and not item)}
    if isinstance(value, list):
        items = [normal(item, names) for item in value]
        return items if all(isinstance(item, str) for item in items) else sorted(items, key=lambda item: json.dumps(item, sort_keys=True))
    return names.get(value, value) if isinstance(value, str) else value


def objects_of(texts):
    items = [item for text in texts for item in yaml.load_all(text, LOADER) if item and item["kind"] != "Namespace"]
    names = {}
    for item in items:
        name = item["metadata"]["name"]
        if item["kind"] == "ConfigMap":
            names[name] = re.sub(r"-[a-z0-9]{10}$", "", name) if re.search(r"-[0-9a-z]*[0-9][0-9a-z]*$", name) else name
    found = {}
    for item in items:
        whole = normal(item, names)
        key = f"{item['kind']} {whole['metadata']['name']}"
        if key in found:
            errors.append(f"there are two objects {key}")
        found[key] = whole
    return found


def differences(left, right, path=""):
    if isinstance(left, dict) and isinstance(right, dict):
        for key in sorted(set(left) | set(right)):
            yield from differences(left.get(key), right.get(key), f"{path}.{key}")
    elif isinstance(left, list) and isinstance(right, list) and len(left) == len(right):
        for at, pair in enumerate(zip(left, right)):
            yield from differences(*pair, f"{path}[{at}]")
    elif left != right:
        yield f"{path}: the chart has {str(left)[:120]}, kustomize has {str(right)[:120]}"


def rendered(values):
    return [text for path, text in chart.render(values, name="ev", namespace="ev").items() if path.endswith(".yaml")]


def compare():
    for name, values, files in sets():
        ours = objects_of(rendered(values))
        theirs = objects_of((folder / f"{file}.yaml").read_text() for file in files)
        # The names of an environment differ by intent.
        for key in sorted(set(ours) ^ set(theirs)):
            errors.append(f"{name}: {key} is {'only in the chart' if key in ours else 'not in the chart'}")
        for key in sorted(set(ours) & set(theirs)):
            for line in list(differences(ours[key], theirs[key]))[:4]:
                errors.append(f"{name}: {key}{line}")


def check_versions():
    """A service's own version reaches its pods and the name of its migration, and no other."""
    values = {"registry": "registry.example/ev", "services": {"wallet": {"version": "9.8.7"}}}
    text = "\n".join(rendered(values))
    for expected in ("image: registry.example/ev/ev-wallet:9.8.7", "name: ev-migrate-wallet-9.8.7", "image: registry.example/ev/ev-auth:0.1.0"):
        if expected not in text:
            errors.append(f"a service's own version does not give {expected}")


def check_schema():
    refused = [
        {"settings": {"DATABASE_MIGRATE_URL": "mysql://x"}}, {"settings": {"MIGRATE": "run"}}, {"unknown": 1},
        {"services": {"loyalty": {}}}, {"services": {"wallet": {"version": "Not A Tag"}}}, {"replicas": {"min": 0, "max": 1}},
        {"gateway": {"settings": {"GATEWAY_LIMITS": True}}}, {"publicUrl": "ev.example"},
    ]
    chart.validate_schema(chart.values)
    for values in refused:
        try:
            chart.validate_schema(chart.merge_values(values))
        except Exception:
            continue
        errors.append(f"the schema accepts {values}")


report = lint(CHART, strict=True, namespace="ev", kube_version="1.34.0")
for message in report.get("messages", []):
    if "icon is recommended" not in str(message):
        errors.append(f"lint: {message}")
compare()
check_versions()
check_schema()
for line in errors[:60]:
    print(line)
sys.exit(1 if errors else 0)
