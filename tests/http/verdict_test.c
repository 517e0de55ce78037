#include "http/verdict.h"
#include "tests/check.h"

struct vector {
    int status;
    const char *type; /* x-amzn-ErrorType; NULL: none */
    const char *body;
    enum fault fault;
    enum fault_class class;
    const char *message;
};

static const struct vector vectors[] = {
    /* done */
    {200, NULL, "", FAULT_OK, FAULT_NONE, ""},
    {200, NULL, "{}", FAULT_OK, FAULT_NONE, ""},
    {200, NULL, " \r\n", FAULT_OK, FAULT_NONE, ""},
    {204, NULL, "", FAULT_OK, FAULT_NONE, ""},
    {200, NULL, "{\"code\":\"data\",\"message\":\"data\"}", FAULT_OK, FAULT_NONE, ""},
    /* by the header, whatever the status and the body say */
    {400, "ThrottlingException", "{\"message\":\"Rate exceeded\"}", FAULT_THROTTLING,
     FAULT_THROTTLED, "Rate exceeded"},
    {400, "ThrottlingException:", "", FAULT_THROTTLING, FAULT_THROTTLED, ""},
    {400, "ThrottlingException:http://internal.amazon.com/", "{}", FAULT_THROTTLING,
     FAULT_THROTTLED, ""},
    {500, "InvalidRequestException", "{\"Message\":\"no\"}", FAULT_INVALID_REQUEST, FAULT_PERMANENT,
     "no"},
    {400, "InvalidRequestException", "{\"__type\":\"ThrottlingException\"}", FAULT_INVALID_REQUEST,
     FAULT_PERMANENT, ""},
    {404, "ResourceNotFoundException:", "{\"message\":\"Not Found\",\"traceId\":\"4b\"}",
     FAULT_RESOURCE_NOT_FOUND, FAULT_PERMANENT, "Not Found"},
    {503, "ServiceUnavailableException", "", FAULT_SERVICE_UNAVAILABLE, FAULT_TRANSIENT, ""},
    {400, "ThrottlingException", "<html>", FAULT_THROTTLING, FAULT_THROTTLED, ""},
    /* by the body */
    {400, NULL, "{\"code\":\"ThrottlingException\"}", FAULT_THROTTLING, FAULT_THROTTLED, ""},
    {400, NULL, "{\"__type\":\"com.amazon.coral#ThrottlingException\",\"message\":\"slow\"}",
     FAULT_THROTTLING, FAULT_THROTTLED, "slow"},
    {403, NULL, "{\"__type\":\"ExpiredTokenException\"}", FAULT_EXPIRED_TOKEN, FAULT_CREDENTIALS,
     ""},
    {403, "UnrecognizedClientException", "{\"message\":\"invalid\"}", FAULT_UNRECOGNIZED_CLIENT,
     FAULT_CREDENTIALS, "invalid"},
    /* a 200 that is none */
    {200, NULL, "{\"__type\":\"ThrottlingException\"}", FAULT_THROTTLING, FAULT_THROTTLED, ""},
    {200, NULL,
     "{\"Output\":{\"__type\":\"com.amazon.coral.service#UnknownOperationException\","
     "\"message\":\"what\"},\"Version\":\"1.0\"}",
     FAULT_UNKNOWN, FAULT_PERMANENT, "what"},
    {200, "InternalFailureException", "", FAULT_INTERNAL_FAILURE, FAULT_TRANSIENT, ""},
    {200, NULL, "<html>log in</html>", FAULT_UNKNOWN, FAULT_TRANSIENT,
     "the answer is no JSON: is this an AWS IoT endpoint?"},
    {200, NULL, "[]", FAULT_UNKNOWN, FAULT_TRANSIENT,
     "the answer is no JSON: is this an AWS IoT endpoint?"},
    /* by the status, when nothing says more */
    {500, NULL, "", FAULT_UNKNOWN, FAULT_TRANSIENT, ""},
    {502, NULL, "<html>bad gateway</html>", FAULT_UNKNOWN, FAULT_TRANSIENT, ""},
    {429, NULL, "{}", FAULT_UNKNOWN, FAULT_THROTTLED, ""},
    {418, "TeapotException", "{\"message\":\"short\"}", FAULT_UNKNOWN, FAULT_PERMANENT, "short"},
    {301, NULL, "", FAULT_UNKNOWN, FAULT_PERMANENT, ""},
    /* the message is one line without what AWS repeats behind it */
    {403, "InvalidSignatureException",
     "{\"message\":\"It does not match.\\n\\nThe Canonical String was\\nx-amz-security-token:t\"}",
     FAULT_INVALID_SIGNATURE, FAULT_CREDENTIALS, "It does not match."},
    {400, "InvalidRequestException", "{\"message\":7}", FAULT_INVALID_REQUEST, FAULT_PERMANENT, ""},
    {400, "InvalidRequestException", "{\"message\":\"a\\u001b[31mb\"}", FAULT_INVALID_REQUEST,
     FAULT_PERMANENT, "a?[31mb"},
};

static void every_answer_is_judged_by_its_type(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(vectors); i++) {
        const struct vector *vector = &vectors[i];
        const struct http_answer answer = {.status = vector->status,
                                           .body = str_of(vector->body),
                                           .error_type = str_of(vector->type)};
        struct verdict verdict;
        verdict_of(&answer, &verdict);
        if (verdict.fault != vector->fault || verdict.class != vector->class)
            print_error("%d %s %s: %s, %s\n", vector->status, vector->type, vector->body,
                        fault_name(verdict.fault), fault_class_name(verdict.class));
        assert_int_equal(verdict.fault, vector->fault);
        assert_int_equal(verdict.class, vector->class);
        assert_string_equal(verdict.message, vector->message);
    }
}

static void no_answer_is_a_transport_fault(void **state)
{
    (void)state;
    const struct http_answer answer = {.problem = "Connection refused"};
    struct verdict verdict;
    verdict_of(&answer, &verdict);
    assert_int_equal(verdict.fault, FAULT_TRANSPORT);
    assert_int_equal(verdict.class, FAULT_TRANSIENT);
    assert_string_equal(verdict.message, "Connection refused");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_answer_is_judged_by_its_type),
        cmocka_unit_test(no_answer_is_a_transport_fault),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
