#include "bucket.h"

void bucket_limit(struct bucket *bucket, uint32_t rate, uint32_t burst) {
    bucket->interval = rate == 0 ? 0 : 1000000000u / rate;
    bucket->depth = bucket->interval * burst;
}
