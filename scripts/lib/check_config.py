"""Checks the consistency of the configuration files in deploy/, k8s/ and docker-compose.yml.

Usage: check_config.py ROOT. Prints one line per error; exit code 1 if there is any.
Needs PyYAML. scripts/check-config checks with the real servers what they can check; this covers the rest.
"""

import json
import re
import sys
from pathlib import Path

import exported_metrics
import yaml
from gateway_settings import template_names

root = Path(sys.argv[1])
SERVICES = sorted(folder.name for folder in (root / "services").iterdir() if folder.is_dir())
errors = []


def expect(condition, message):
    if not condition:
        errors.append(message)


def read_yaml(path):
    try:
        return list(yaml.safe_load_all(path.read_text()))
    except yaml.YAMLError as error:
        errors.append(f"{path.relative_to(root)}: {error}")
        return [{}]


COMPOSE = ("docker-compose.yml", "deploy/compose/observability.yml")


def compose_of(path):
    """The file, with environments as mappings."""
    compose = read_yaml(root / path)[0]
    for service in compose["services"].values():
        if isinstance(service.get("environment"), list):
            service["environment"] = dict([*item.split("=", 1), None][:2] for item in service["environment"])
    return compose


def check_compose():
    listed = set(re.findall(r"^#?([A-Z0-9_]+)=", (root / ".env.example").read_text(), re.M))
    files = {path: compose_of(path) for path in COMPOSE}
    services = {name for compose in files.values() for name in compose["services"]}
    for path, compose in files.items():
        lines = "\n".join(line for line in (root / path).read_text().splitlines() if not line.lstrip().startswith("#"))
        for name in sorted(set(re.findall(r"(?<!\$)\$\{([A-Z0-9_]+)", lines)) - {"DOCKER_CONTAINERS"}):
            expect(name in listed, f"{path} uses {name}, which .env.example does not list")
        for name in sorted(set(re.findall(r"\$\{([A-Z0-9_]+):-[^}]+\}", lines))):
            expect(not re.search(r"PASSWORD|SECRET|KEY", name), f"{path} has a default for the secret {name}")
        for name, service in compose["services"].items():
            check_compose_service(path, compose, services, listed, name, service)
    check_compose_releases(files[COMPOSE[0]]["services"])
    check_compose_gateway(files[COMPOSE[0]]["services"])


def check_compose_service(path, compose, services, listed, name, service):
    own = f"{path}: {name}"
    for other in service.get("depends_on", {}):
        expect(other in services, f"{own} depends on {other}, which does not exist")
    for volume in service.get("volumes", []):
        source = volume.split(":")[0]
        if source.startswith("."):
            expect((root / source).exists(), f"{own} mounts {source}, which does not exist")
        elif not source.startswith("$"):
            expect(source in compose["volumes"], f"{own} mounts {source}, which is not declared")
    if "build" in service:
        expect(service["build"]["args"]["SERVICE"] == service["image"].removeprefix("ev-"), f"{own} builds another image")
    elif "image" in service and not re.fullmatch(r"ev-[a-z]+", service["image"]):
        expect(re.search(r":.*[0-9]", service["image"]), f"{own} has no image version")
    if "image" in service:
        expect("mem_limit" in service, f"{own} has no memory limit")
        expect("max-size" in service.get("logging", {}).get("options", {}), f"{own} keeps its logs without limit")
    for variable, value in service.get("environment", {}).items():
        expect(value is not None or variable in listed, f"{own} passes on {variable}, which .env.example does not list")


def check_compose_releases(services):
    """Each service has a database and a broker user of its own, and only its migration may change the schema."""
    for name in SERVICES:
        expect(name in services and f"migrate-{name}" in services, f"docker-compose.yml lacks {name} or its migration")
        environment = services[name]["environment"]
        for variable, login in (("DATABASE_URL", f"//ev_{name}:${{{name.upper()}_SERVICE_PASSWORD:"), ("BROKER_URL", f"//{name}:${{{name.upper()}_BROKER_PASSWORD:")):
            expect(login in environment[variable], f"docker-compose.yml: {name} has no user of its own in {variable}")
        expect(f"/ev_{name}" in environment["DATABASE_URL"], f"docker-compose.yml: {name} uses the database of another service")
        expect("DATABASE_MIGRATE_URL" not in environment, f"docker-compose.yml: {name} may change its schema")
        migration = services[f"migrate-{name}"]
        expect(migration["image"] == services[name]["image"], f"docker-compose.yml: the migration of {name} has another image")
        expect(f"//ev_{name}_migrate:" in migration["environment"]["DATABASE_MIGRATE_URL"], f"docker-compose.yml: the migration of {name} is another user")
        waits = services[name]["depends_on"]
        for first in (f"migrate-{name}", "topology"):
            expect(waits.get(first, {}).get("condition") == "service_completed_successfully", f"docker-compose.yml: {name} does not wait for {first}")
        expect("grants" in migration["depends_on"], f"docker-compose.yml: migrate-{name} does not wait for the grants")
        expect(services[name]["healthcheck"]["test"] == ["CMD", "/service", "--check-health"], f"docker-compose.yml: the health check of {name} is another")
    for name, service in services.items():
        used = str(service)
        expect(name in ("mysql", "grants") or "MYSQL_ROOT_PASSWORD" not in used, f"docker-compose.yml: {name} has the password of the administrator")
        expect(name in ("rabbitmq", "topology") or "TOPOLOGY_PASSWORD" not in used, f"docker-compose.yml: {name} may declare queues")


def check_compose_gateway(services):
    gateway = services["gateway"]
    for name in sorted(template_names(root) - set(gateway["environment"]) - {"NGINX_LOCAL_RESOLVERS"}):
        errors.append(f"docker-compose.yml: the gateway lacks {name}")
    mounts = dict(volume.split(":")[1::-1] for volume in gateway["volumes"])
    check_gateway_folders("docker-compose.yml", gateway["environment"], mounts)
    folder, written = gateway["environment"].get("GATEWAY_CONSOLE", ""), services["console"]
    expect(written["command"] == [folder], "docker-compose.yml: the console is not written to GATEWAY_CONSOLE")
    expect(f"{mounts.get(folder)}:{folder}" in written["volumes"], "docker-compose.yml: the gateway does not read the volume that the console writes")
    expect("console" in gateway["depends_on"], "docker-compose.yml: the gateway does not wait for the console")


def check_gateway_folders(where, environment, mounts):
    """Checks that the folders that nginx serves are mounted. `mounts` has the sources by path."""
    for name in ("GATEWAY_DOCS", "GATEWAY_CONSOLE"):
        expect(environment.get(name) in mounts, f"{where}: nothing is mounted at {name}")


def check_gateway_files():
    """Checks that the lists of files for Kubernetes are complete, since compose and scripts/stack use the folders."""
    maps = read_yaml(root / "deploy/nginx/kustomization.yaml")[0]["configMapGenerator"]
    listed = {file for config in maps for file in config["files"]}
    folder = root / "deploy/nginx"
    present = {str(file.relative_to(folder)) for file in folder.rglob("*") if file.is_file()}
    for file in sorted(present - listed - {"kustomization.yaml", "render"}):
        errors.append(f"deploy/nginx/kustomization.yaml lacks {file}")


def check_settings():
    """Checks that docker-compose.yml passes every setting of .env.example to its service."""
    sections = re.split(r"^# --- ", (root / ".env.example").read_text(), flags=re.M)
    settings = {section.split()[0].rstrip(":"): re.findall(r"^#?([A-Z0-9_]+)=", section, re.M) for section in sections}
    expect(len(settings["Every"]) > 15, ".env.example: the section of the settings of every service was not found")
    compose = compose_of(COMPOSE[0])["services"]
    # A running service has no user that may change the schema, and MIGRATE has its default.
    elsewhere = {"DATABASE_MIGRATE_URL", "MIGRATE"}
    image = (root / "deploy/Dockerfile").read_text()
    for service in set(SERVICES) & set(compose):
        for name in settings["Every"] + settings.get(service, []):
            passed = name in elsewhere or name in compose[service]["environment"] or f"{name}=" in image
            expect(passed, f"docker-compose.yml: {service} does not get {name}")


def metrics_of(expression):
    bare = re.sub(r'"[^"]*"|\{[^}]*\}|\b(by|on|without|ignoring|group_left)\s*\([^)]*\)|\[[^\]]*\]|\boffset\s+\w+', " ", expression)
    words = set(re.findall(r"\b[a-z][a-z_]+\b(?!\s*\()", bare))
    # A histogram has three metrics; a counter of an exporter may also end like one of them.
    return {re.sub(r"_(bucket|sum|count)$", "", word) for word in words} - {"and", "or", "unless", "le"}


def known_metrics():
    """The names in the code that records metrics, and those of the exporters. On any other metric a panel shows nothing
    and an alert never fires."""
    sources = [path.read_text() for kind in ("crates", "services") for path in (root / kind).glob("*/src/**/*.rs")]
    return {name for text in sources if "metrics::" in text for name in re.findall(r'"([a-z_]+)"', text)} | exported_metrics.NAMES


def check_dashboards(metrics):
    sources = {source["uid"]: source["type"] for path in (root / "deploy/grafana/provisioning/datasources").glob("*.yaml") for source in read_yaml(path)[0]["datasources"]}
    dashboards = {path.name: json.loads(path.read_text()) for path in (root / "deploy/grafana/dashboards").glob("*.json")}
    uids = [dashboard["uid"] for dashboard in dashboards.values()]
    expect(len(uids) == len(set(uids)), "two dashboards have the same uid")
    for name, dashboard in dashboards.items():
        ids = [panel["id"] for panel in dashboard["panels"]]
        expect(len(ids) == len(set(ids)), f"{name}: two panels have the same id")
        for panel in dashboard["panels"]:
            expect(panel["datasource"]["uid"] in sources, f"{name}: {panel['title']} uses an unknown data source")
            if sources.get(panel["datasource"]["uid"]) != "prometheus":
                continue
            for target in panel["targets"]:
                for metric in metrics_of(target["expr"]) - metrics:
                    errors.append(f"{name}: {panel['title']} uses the unknown metric {metric}")


def check_alerts(metrics):
    """Every alert uses metrics that exist, and has its section in the runbook."""
    runbook = re.split(r"^### ", (root / "docs/runbook.md").read_text(), flags=re.M)[1:]
    sections = {head: text.strip() for head, _, text in (section.partition("\n") for section in runbook)}
    alerts = {}
    for path in sorted(path for path in (root / "deploy/prometheus").glob("alerts*.yml") if not path.stem.endswith("_test")):
        for rule in (rule for group in read_yaml(path)[0]["groups"] for rule in group["rules"]):
            name, annotations = rule["alert"], rule["annotations"]
            expect(name not in alerts, f"{path.name}: there are two alerts {name}")
            alerts[name] = rule
            for metric in metrics_of(rule["expr"]) - metrics:
                errors.append(f"{path.name}: {name} uses the unknown metric {metric}")
            expect({"summary", "action"} <= set(annotations), f"{path.name}: {name} lacks a summary or an action")
            expect(annotations.get("runbook_url") == f"docs/runbook.md#{name.lower()}", f"{path.name}: {name} does not lead to its section of docs/runbook.md")
            expect(len(sections.get(name, "").split()) > 15, f"docs/runbook.md has no section {name}")
            if rule["labels"]["severity"] != "none":
                expect(sections.get(name, "").startswith(rule["labels"]["severity"] + ". "), f"docs/runbook.md: {name} has another severity")
    expect(f"< {len(SERVICES)} " in alerts["ServiceAbsent"]["expr"], "alerts.yml: ServiceAbsent expects another number of services")
    for name in set(sections) - set(alerts):
        errors.append(f"docs/runbook.md: there is no alert {name}")
    named = set(re.findall(r"\b[A-Z][a-z]+(?:[A-Z][a-z]+)+\b", (root / "deploy/alertmanager/alertmanager.yml").read_text()))
    for name in named - set(alerts):
        expect(name in ("RabbitMQ",), f"alertmanager.yml names {name}, which is no alert")


def check_observability():
    metrics = known_metrics()
    check_dashboards(metrics)
    check_alerts(metrics)
    collector = read_yaml(root / "deploy/otel/collector.yaml")[0]
    for name, pipeline in collector["service"]["pipelines"].items():
        for kind in ("receivers", "processors", "exporters"):
            for part in pipeline[kind]:
                expect(part in collector[kind], f"collector.yaml: {name} uses {part}, which is not configured")
    for part in collector["service"]["extensions"]:
        expect(part in collector["extensions"], f"collector.yaml: the extension {part} is not configured")


for file in [*root.glob("deploy/**/*.y*ml"), *root.glob("k8s/**/*.y*ml")]:
    read_yaml(file)
check_compose()
check_settings()
check_gateway_files()
check_observability()
for line in errors:
    print(line)
sys.exit(1 if errors else 0)
