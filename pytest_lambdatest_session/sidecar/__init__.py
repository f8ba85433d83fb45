"""The process that talks to LambdaTest: polls, marks, shares and downloads, out of reach of what tests replace."""
