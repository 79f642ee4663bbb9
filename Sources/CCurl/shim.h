#ifndef HOLDFAST_CCURL_H
#define HOLDFAST_CCURL_H
#include <curl/curl.h>
#endif
