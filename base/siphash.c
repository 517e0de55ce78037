#include "base/siphash.h"

static uint64_t rotate(uint64_t x, int bits)
{
    return x << bits | x >> (64 - bits);
}

static void sip_round(uint64_t v[4])
{
    v[0] += v[1];
    v[2] += v[3];
    v[1] = rotate(v[1], 13) ^ v[0];
    v[3] = rotate(v[3], 16) ^ v[2];
    v[0] = rotate(v[0], 32);
    v[2] += v[1];
    v[0] += v[3];
    v[1] = rotate(v[1], 17) ^ v[2];
    v[3] = rotate(v[3], 21) ^ v[0];
    v[2] = rotate(v[2], 32);
}

static void sip_block(uint64_t v[4], uint64_t block)
{
    v[3] ^= block;
    sip_round(v);
    v[0] ^= block;
}

uint64_t siphash_of(const struct siphash_key *key, struct str bytes)
{
    uint64_t v[4] = {
        key->half[0] ^ 0x736f6d6570736575u,
        key->half[1] ^ 0x646f72616e646f6du,
        key->half[0] ^ 0x6c7967656e657261u,
        key->half[1] ^ 0x7465646279746573u,
    };
    size_t at = 0;
    for (; at + 8 <= bytes.n; at += 8) {
        uint64_t block;
        memcpy(&block, bytes.p + at, sizeof block);
        sip_block(v, block);
    }
    uint64_t last = (uint64_t)bytes.n << 56;
    if (at < bytes.n)
        memcpy(&last, bytes.p + at, bytes.n - at);
    sip_block(v, last);
    v[2] ^= 0xff;
    for (int i = 0; i < 3; i++)
        sip_round(v);
    return v[0] ^ v[1] ^ v[2] ^ v[3];
}
