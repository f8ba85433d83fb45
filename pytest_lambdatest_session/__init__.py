"""Sessions of LambdaTest (TestMu AI) in the reports of pytest; enable with ``-p lambdatest_session``."""
