"""The tests that need machines, a theme a file. Importing this registers all of them, in this order."""

from . import starting
from . import ending
from . import bad_programs
from . import files
from . import conformance
from . import posix
from . import redis
from . import nginx
from . import sqlite
from . import tools
from . import debugging, processes
from . import shells
from . import nginx_workers
from . import terminals
from . import redis_saves
from . import stress
from . import crowds
from . import postgres
