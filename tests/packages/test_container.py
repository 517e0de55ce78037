"""Containerfile and Greengrass recipe: what can be run of them without an engine and without AWS."""

import json
import re
import shlex
import subprocess

import pytest
import yaml
from actors import free_port, until
from machine import CONFIGURATION, HOUSE, run

RECIPE = HOUSE / "packaging/greengrass/recipe.yaml"
CONTAINERFILE = HOUSE / "packaging/Containerfile"


def instructions():
    """(word, rest) of each, its lines joined, without comments."""
    text = re.sub(r"^#.*\n", "", CONTAINERFILE.read_text(), flags=re.MULTILINE)
    return [tuple(line.split(None, 1)) for line in text.replace("\\\n", " ").splitlines() if line]


def rest_of(word):
    return [rest for name, rest in instructions() if name == word]


def test_the_containerfile_names_what_is_there():
    first, second = rest_of("FROM")
    assert "debian:12-slim" in first and "debian:12-slim" in second
    programs = [rest.split()[0] for rest in rest_of("RUN") if rest.startswith("packaging/")]
    assert programs == ["packaging/install-packages", "packaging/build-deb"]
    assert all((HOUSE / program).is_file() for program in programs)
    for rest in rest_of("RUN"):
        run("dash", "-n", input=rest)
    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", rest_of("USER")[0]), "not root"


def test_its_sections_of_packages_are_there():
    sections = rest_of("RUN")[0].split()[1:]
    known = re.findall(r"^\[(\w+)\]$", (HOUSE / "packaging/debian-packages.txt").read_text(),
                       re.MULTILINE)
    assert set(sections) <= set(known)


def test_its_entry_point_runs_and_its_health_check_tells(machine, deb, broker):
    """With the state where the image has it, and the port that the test has chosen."""
    machine.dpkg("--install", deb)
    port = free_port()
    machine.configure({"mqtt": {"url": broker.url}, "admin": {"listen": f"127.0.0.1:{port}"},
                       "embedded": {"listen": f"127.0.0.1:{free_port()}"}})
    check = rest_of("HEALTHCHECK")[0].split("CMD ", 1)[1].replace(":9099/", f":{port}/")
    words = json.loads(rest_of("ENTRYPOINT")[0]) + json.loads(rest_of("CMD")[0])
    assert shlex.join(words) == machine.unit["ExecStart"][0]

    assert subprocess.run(["dash", "-c", check], capture_output=True).returncode != 0
    machine.start()
    assert subprocess.run(["dash", "-c", check], capture_output=True).returncode == 0
    machine.stop()


@pytest.fixture(scope="module")
def recipe():
    return yaml.safe_load(RECIPE.read_text())


def test_the_recipe_is_one_of_a_generic_component(recipe):
    assert recipe["RecipeFormatVersion"] == "2020-01-25"
    assert recipe["ComponentType"] == "aws.greengrass.generic"
    version = re.search(r"project\(jobs-bridge VERSION (\S+)",
                        (HOUSE / "CMakeLists.txt").read_text()).group(1)
    assert recipe["ComponentVersion"] == version
    dependency = recipe["ComponentDependencies"]["aws.greengrass.TokenExchangeService"]
    assert dependency["DependencyType"] == "HARD"
    artifact = recipe["Manifests"][0]["Artifacts"][0]["Uri"].rsplit("/", 1)[1]
    scripts = recipe["Manifests"][0]["Lifecycle"]
    assert artifact == f"jobs-bridge_{version}-1_amd64.deb" and artifact in scripts["Install"]["Script"]


def interpolate(script, recipe, work, artifacts):
    """As the nucleus does: a part of the configuration becomes one line of JSON."""
    configuration = recipe["ComponentConfiguration"]["DefaultConfiguration"]
    found = {"{configuration:/bridge}": json.dumps(configuration["bridge"], separators=(",", ":")),
             "{work:path}": str(work), "{artifacts:path}": str(artifacts)}
    for name, value in found.items():
        script = script.replace(name, value)
    assert "{" not in re.sub(r"\{\".*\}", "", script), "nothing is left to be replaced"
    return script


def test_its_configuration_passes_check_and_its_scripts_run(recipe, deb, tmp_path, broker):
    """Up to the broker: without TLS here, as the test's own has none."""
    bridge = recipe["ComponentConfiguration"]["DefaultConfiguration"]["bridge"]
    for name in "ca_file", "cert_file", "key_file":
        bridge["mqtt"][name] = str(tmp_path / name)
        (tmp_path / name).write_text("stands for PEM")
    checked = tmp_path / "checked.yaml"
    checked.write_text(json.dumps(bridge))
    lifecycle = recipe["Manifests"][0]["Lifecycle"]
    run("dash", "-e", "-c", interpolate(lifecycle["Install"]["Script"], recipe, tmp_path, deb.parent))
    program = tmp_path / "program/usr/bin/jobs-bridge"
    assert "https://iot.us-east-1.amazonaws.com" in run(program, "check", "--config", checked)

    bridge["mqtt"] = {"url": broker.url}
    bridge["admin"]["listen"] = f"127.0.0.1:{free_port()}"
    script = interpolate(lifecycle["Run"]["Script"], recipe, tmp_path, deb.parent)
    log = open(tmp_path / "log", "wb")
    child = subprocess.Popen(["dash", "-e", "-c", script], stdout=log, stderr=log)
    try:
        until(lambda: b"event=ready" in (tmp_path / "log").read_bytes(), "the component to be up")
        assert (tmp_path / "state/journal.db").exists()
        assert (tmp_path / "jobs-bridge.yaml").stat().st_mode & 0o77 == 0
    finally:
        child.terminate()
        assert child.wait(20) == 0, "exec: the signal reaches the bridge itself"


def test_the_file_that_the_package_brings_is_the_example_but_for_the_state(machine, deb):
    machine.dpkg("--install", deb)
    shipped = yaml.safe_load((machine.root / CONFIGURATION).read_text())
    example = yaml.safe_load((HOUSE / "packaging/jobs-bridge.yaml").read_text())
    assert shipped.pop("state") == "/var/lib/jobs-bridge" and shipped == example
