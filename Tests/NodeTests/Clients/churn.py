"""A store of which nine tenths are deleted: churn.py fill|verify

`fill` prints how many bytes stay, all of them in chunk files.
"""
import random
import sys

from contents import client, listing
from shared import BUCKET, ENDPOINT, content, expect

# Of each ten objects of one size the first stays, so that what goes is nine times what stays.
SIZES = random.Random(1).sample(range(9_000, 900_000), 20)
NAMES = [(f"churn/{place}/{size}", size) for place in range(10) for size in SIZES]
KEPT = dict(NAMES[:len(SIZES)])

s3 = client(ENDPOINT)
if sys.argv[1] == "fill":
    random.Random(2).shuffle(NAMES)
    for key, size in NAMES:
        s3.put_object(Bucket=BUCKET, Key=key, Body=content(key, size))
    gone = [{"Key": key} for key, _ in NAMES if key not in KEPT]
    answer = s3.delete_objects(Bucket=BUCKET, Delete={"Objects": gone, "Quiet": True})
    expect("Errors" not in answer, f"all are deleted: {answer}")
    print(sum(KEPT.values()))
else:
    expect({key: size for key, (size, _) in listing(s3).items()} == KEPT, "what was deleted is gone")
    for key, size in KEPT.items():
        expect(s3.get_object(Bucket=BUCKET, Key=key)["Body"].read() == content(key, size),
               f"the bytes of {key}")
