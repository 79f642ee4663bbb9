#ifndef HOLDFAST_CISAL_H
#define HOLDFAST_CISAL_H
#include <isa-l/crc.h>
#include <isa-l/crc64.h>
#endif
