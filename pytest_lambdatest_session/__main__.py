"""`python -m pytest_lambdatest_session`: see `cli`."""

import sys

from pytest_lambdatest_session.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
