#ifndef HOLDFAST_CROCKSDB_H
#define HOLDFAST_CROCKSDB_H
#include <rocksdb/c.h>
#endif
