"""The tests that need machines, a theme a file. Importing this registers all of them, in this order."""

from . import starting, ending, bad_programs, files, conformance, redis, nginx, sqlite, tools, debugging
