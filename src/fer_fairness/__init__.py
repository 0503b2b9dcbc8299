"""Measure how unevenly a facial emotion recognition model treats people, and what helps."""

__version__ = "0.1.0"
