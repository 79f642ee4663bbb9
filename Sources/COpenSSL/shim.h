#ifndef HOLDFAST_COPENSSL_H
#define HOLDFAST_COPENSSL_H
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#endif
