"""The SHA-256 of what put_some.py puts: digest_of.py KEY SIZE"""
import hashlib
import random
import sys

print(hashlib.sha256(random.Random(sys.argv[1]).randbytes(int(sys.argv[2]))).hexdigest())
