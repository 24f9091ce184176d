"""Runs every test here and closes with `NAME: N passed, N failed`."""
import os
import sys
import time
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))


class Result(unittest.TextTestResult):
    """One line a test, with the time it took."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.passed, self.began = 0, 0.0

    def startTest(self, test):
        unittest.TestResult.startTest(self, test)
        self.began = time.monotonic()

    def tell(self, word, test):
        name = test.id().replace("_", " ").replace("test ", "", 1)
        self.stream.writeln(f"{word} {name} ({time.monotonic() - self.began:.1f} s)")
        self.stream.flush()

    def addSuccess(self, test):
        self.passed += 1
        self.tell("ok  ", test)

    def addFailure(self, test, err):
        unittest.TestResult.addFailure(self, test, err)
        self.tell("FAIL", test)

    def addError(self, test, err):
        unittest.TestResult.addError(self, test, err)
        self.tell("FAIL", test)


def main():
    name, pattern = sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else "test_*.py"
    suite = unittest.defaultTestLoader.discover(HERE, pattern)
    result = unittest.TextTestRunner(sys.stdout, resultclass=Result, verbosity=0).run(suite)
    failed = len({test.id() for test, _ in result.failures + result.errors})
    # A test may pass and its broker still end badly: that is a failure only.
    passed = result.testsRun - failed
    print(f"{name}: {passed} passed, {failed} failed")
    return 0 if result.testsRun > 0 and failed == 0 else 1


if __name__ == "__main__":
    sys.exit(main())
