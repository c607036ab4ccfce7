"""A project whose tests find some faults, and one that depends on a file in a way that memory cannot see."""

from tests.gates.mutation.test_check import FILES, RULES
from tests.gates.support.sample_project import Part

SHOP = "backend/app/shop.py"
CODE = """RATE = 3


def price(amount):
    return amount * RATE


def cost(amount):
    return amount + 1


def weight(amount):
    return amount + 7


def label():
    return 5
"""
TESTS = """from app.shop import cost, label, price


def test_price():
    assert price(2) == 6


def test_cost():
    cost(1)


def test_label():
    assert label()
"""
UNSEEN = """import os
import subprocess
from pathlib import Path


def test_unseen():
    shop = str(Path(__file__).parents[1] / "app/shop.py")
    command = ["/bin/sh", "-c", 'grep -q "amount + 1" "$SHOP"']
    assert subprocess.run(command, cwd="/", env={**os.environ, "SHOP": shop}).returncode == 0
"""
"""A test that reads a file through another program, which nobody observes."""
FOUND = Part(FILES | {SHOP: CODE, "backend/tests/test_shop.py": TESTS}, RULES)
ESCAPING = Part({"backend/tests/test_unseen.py": UNSEEN})
