#include "base/siphash.h"
#include "tests/check.h"

/* SipHash-1-3 of the bytes 0, 1, 2, ... under the key of zeros, by CPython 3.11 (hash() of bytes
 * with PYTHONHASHSEED=0). */
static const struct {
    size_t n;
    uint64_t hash;
} vectors[] = {
    {1, 0x68a914128e01e473u},  {7, 0x2f098ab0c751325au},  {8, 0xead411e67ebe2eeau},
    {9, 0x75927f9d95124362u},  {15, 0xf30eb725bb91c9eau}, {16, 0x8972188433a5c5b7u},
    {31, 0x169739443111d49bu}, {64, 0x75e05fd5bbc870c6u},
};

static void hashes_are_those_of_another_implementation(void **state)
{
    (void)state;
    char bytes[64];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (char)i;
    const struct siphash_key zeros = {{0, 0}};
    for (size_t i = 0; i < COUNT_OF(vectors); i++)
        assert_true(siphash_of(&zeros, (struct str){bytes, vectors[i].n}) == vectors[i].hash);
}

static void every_bit_of_the_key_counts(void **state)
{
    (void)state;
    const struct siphash_key zeros = {{0, 0}};
    uint64_t plain = siphash_of(&zeros, STR("key"));
    for (int bit = 0; bit < 128; bit++) {
        struct siphash_key key = zeros;
        key.half[bit / 64] = (uint64_t)1 << bit % 64;
        assert_true(siphash_of(&key, STR("key")) != plain);
    }
}

static void nothing_has_a_hash_too(void **state)
{
    (void)state;
    const struct siphash_key key = {{1, 2}};
    assert_true(siphash_of(&key, STR_NONE) == siphash_of(&key, STR("")));
    assert_true(siphash_of(&key, STR("")) != siphash_of(&key, STR("\0")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hashes_are_those_of_another_implementation),
        cmocka_unit_test(every_bit_of_the_key_counts),
        cmocka_unit_test(nothing_has_a_hash_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
