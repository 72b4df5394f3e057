"""Writes the table into the documentation."""

from bad_inputs import CASES
from bad_inputs.page import write

write(CASES)
