"""The parts of the CI and container files that a shell runs."""

import re

import yaml

from harness import CONFIGS

GITHUB = CONFIGS / "ci" / "github-actions.yml"
GITLAB = CONFIGS / "ci" / "gitlab-ci.yml"
CONTAINERFILE = CONFIGS / "container" / "Containerfile"


def without_mounts(line):
    return re.sub(r"--mount=\S+\s+", "", line)


def without_expressions(script):
    """GitHub puts a text in place of ${{ … }} before the shell sees it."""
    return re.sub(r"\$\{\{.*?\}\}", "text", script)


def instructions(text):
    """(name, arguments) of a Containerfile, lines that go on made one."""
    text = re.sub(r"^\s*#.*\n", "", text, flags=re.MULTILINE)
    for line in re.sub(r"\\\n", " ", text).splitlines():
        if line.strip():
            name, _, arguments = line.strip().partition(" ")
            yield name, arguments.strip()


def shell_parts():
    """(where, script) of everything that a shell is to run."""
    for name, job in yaml.safe_load(GITHUB.read_text())["jobs"].items():
        for step in job["steps"]:
            if "run" in step:
                yield f"{GITHUB.name}: {name}", without_expressions(step["run"])
    for name, job in yaml.safe_load(GITLAB.read_text()).items():
        for part in ("before_script", "script"):
            yield f"{GITLAB.name}: {name}: {part}", "\n".join(job[part]) + "\n"
    for name, arguments in instructions(CONTAINERFILE.read_text()):
        if name == "RUN":
            yield CONTAINERFILE.name, without_mounts(arguments) + "\n"
