"""The files of the forge, of the hooks and of the container."""

import json

from tests.gates.support.sample_project import Part

WORKFLOW = ".github/workflows/ci.yml"
HOOKS = ".pre-commit-config.yaml"
DOCKERFILE = ".devcontainer/Dockerfile"
COMPOSE = ".devcontainer/compose.yaml"
DEVCONTAINER = ".devcontainer/devcontainer.json"
TABLES = """[tree]
".devcontainer/" = "the container"
".github/" = "the workflow"
"""
CI = """name: CI
on:
  pull_request:
  merge_group:
permissions: {}
concurrency:
  group: ci
  cancel-in-progress: true
jobs:
  gates:
    name: Gates
    runs-on: ubuntu-24.04
    timeout-minutes: 30
    permissions:
      contents: read
    strategy:
      matrix:
        include:
          - { python: "3.11", postgresql: "15" }
          - { python: "3.12", postgresql: "16" }
    steps:
      - uses: actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1
        with:
          fetch-depth: 0
          persist-credentials: false
      - run: ./noxw
  required:
    name: Required
    if: always()
    needs: [gates]
    runs-on: ubuntu-24.04
    timeout-minutes: 5
    permissions: {}
    steps:
      - run: test "$RESULTS" = "success"
        env:
          RESULTS: ${{ join(needs.*.result, ' ') }}
"""
HOOK = """repos:
  - repo: local
    hooks:
      - id: commit
        name: gates
        entry: ./noxw -s static
        language: unsupported
        stages: [pre-commit]
"""
AUTOMATION = Part(
    {
        HOOKS: HOOK,
        WORKFLOW: CI,
        ".github/CODEOWNERS": "/backend/gates/  @leads\n",
        DEVCONTAINER: json.dumps({"remoteUser": "developer", "postCreateCommand": "./noxw -s fix"}),
        DOCKERFILE: "FROM debian:bookworm-slim\nRUN useradd developer\nUSER developer\n",
        COMPOSE: "services:\n  postgres:\n    image: postgres:16\n",
    },
    TABLES,
)
