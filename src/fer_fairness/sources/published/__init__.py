"""Readers of FER+, RAF-DB and FairFace in the forms that their publishers gave them."""
