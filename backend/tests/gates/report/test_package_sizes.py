from gates.report.package_sizes import PackageSize, package_sizes
from tests.gates.support.sample_project import SampleProject


def test_counts_files_and_lines_of_each_package(sample: SampleProject) -> None:
    sample.write("backend/app/shop/__init__.py", "")
    sample.write("backend/app/shop/prices.py", "a = 1\nb = 2\n")
    sample.write("backend/app/shop/cart/basket.py", "c = 3\n")

    sizes = package_sizes(sample.project)

    assert PackageSize("app/shop", 2, 2) in sizes
    assert PackageSize("app/shop/cart", 1, 1) in sizes


def test_leaves_out_packages_that_are_not_measured(sample: SampleProject) -> None:
    sample.write("backend/scripts/tool.py", "a = 1\n")

    assert {size.name.split("/")[0] for size in package_sizes(sample.project)} == {"app"}
