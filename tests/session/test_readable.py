"""Numbers as a person reads them: a unit in which they need no power of ten."""

import numpy as np
import pytest

from etwidgets.session.readable import number, quantity, unit_for, with_interval

THIN = "\N{NARROW NO-BREAK SPACE}"


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (0.0, "0"),
        (0.0123456, "0.0123"),
        (1.0, "1.00"),
        (9.996, "10.0"),
        (1234.5, "1230"),
        (123456.0, f"123{THIN}000"),
        (-98765.0, f"-98{THIN}800"),
        (1.2345e7, "1.23 \N{MULTIPLICATION SIGN} 10⁷"),
        (1.2e-6, "1.20 \N{MULTIPLICATION SIGN} 10⁻⁶"),
        (np.nan, "nan"),
    ],
)
def test_three_digits_without_powers_of_ten_where_they_can_be_avoided(value, words):
    assert number(value) == words


def test_the_unit_fits_the_size():
    assert quantity(123456.0, "nm", 3) == f"123{THIN}000 nm³"
    assert quantity(1.0158e7, "nm", 3) == "0.0102 µm³"
    assert quantity(2.5e4, "nm", 2) == "0.0250 µm²"
    assert quantity(250.0, "nm") == "250 nm"
    assert quantity(1.5e7, "px", 3) == "1.50 \N{MULTIPLICATION SIGN} 10⁷ px³"
    assert unit_for(1e9, "nm", 3) == (1e9, "µm³")
    assert with_interval(2e9, (1.9e9, 2.1e9), "nm", 3) == "2.00 µm³ (1.90 to 2.10)"
