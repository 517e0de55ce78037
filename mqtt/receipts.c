#include "mqtt/receipts.h"

#include "base/str.h"
#include "mqtt/reason_code.h"

#include <assert.h>
#include <string.h>

/* The packet id in the key of an outgoing PUBLISH, "s-7" or in MQTT 5 "s5-7"; 0: another key. */
static int packet_id_of(const char *key)
{
    static const struct str prefixes[] = {{"s-", 2}, {"s5-", 3}};
    struct str text = str_of(key);
    for (size_t i = 0; i < COUNT_OF(prefixes); i++) {
        int64_t id;
        struct str prefix = prefixes[i];
        if (str_starts(text, prefix) &&
            str_to_int((struct str){text.p + prefix.n, text.n - prefix.n}, 1, UINT16_MAX, &id))
            return (int)id;
    }
    return 0;
}

static int open_store(void **ret_handle, const char *client_id, const char *uri, void *context)
{
    (void)client_id;
    (void)uri;
    *ret_handle = context;
    return 0;
}

static int do_nothing(void *handle)
{
    (void)handle;
    return 0;
}

/* Types are Paho's. NOLINTBEGIN(readability-non-const-parameter) */
static int put(void *handle, char *key, int count, char *buffers[], int lengths[])
{
    (void)count;
    (void)buffers;
    (void)lengths;
    struct receipts *receipts = handle;
    int packet_id = packet_id_of(key);
    if (packet_id != 0 && receipts->is_publishing)
        window_name_last(&receipts->window, packet_id);
    return 0;
}

/* Paho removes every key a message may have had: the first of them counts. */
static int take_away(void *handle, char *key)
{
    struct receipts *receipts = handle;
    int packet_id = packet_id_of(key);
    struct window_slot slot;
    if (packet_id == 0 || !window_take(&receipts->window, packet_id, &slot) || slot.is_own)
        return 0;
    assert(receipts->count < COUNT_OF(receipts->list));
    receipts->list[receipts->count++] =
        (struct receipt){slot.post_id, slot.is_refused ? ERR_REFUSED : ERR_NONE};
    return 0;
}

static int get(void *handle, char *key, char **buffer, int *length)
{
    (void)handle;
    (void)key;
    (void)buffer;
    (void)length;
    return MQTTCLIENT_PERSISTENCE_ERROR;
}

static int list_keys(void *handle, char ***ret_keys, int *ret_count)
{
    (void)handle;
    *ret_keys = NULL;
    *ret_count = 0;
    return 0;
}

static int has_key(void *handle, char *key)
{
    (void)handle;
    (void)key;
    return MQTTCLIENT_PERSISTENCE_ERROR; /* not there */
}
/* NOLINTEND(readability-non-const-parameter) */

void receipts_init(struct receipts *receipts)
{
    *receipts = (struct receipts){
        .plug =
            {
                .context = receipts,
                .popen = open_store,
                .pclose = do_nothing,
                .pput = put,
                .pget = get,
                .premove = take_away,
                .pkeys = list_keys,
                .pclear = do_nothing,
                .pcontainskey = has_key,
            },
    };
}

void receipts_clear(struct receipts *receipts, size_t window_limit)
{
    window_clear(&receipts->window, window_limit);
    receipts->count = 0;
    receipts->is_publishing = false;
}

bool receipts_take(struct receipts *receipts, struct receipt *ret)
{
    if (receipts->count == 0)
        return false;
    *ret = receipts->list[0];
    receipts->count--;
    memmove(receipts->list, receipts->list + 1, receipts->count * sizeof *receipts->list);
    return true;
}

void receipts_on_published(void *context, int packet_id, int packet_type,
                           MQTTProperties *properties, enum MQTTReasonCodes code)
{
    (void)packet_type;
    (void)properties;
    struct receipts *receipts = context;
    if ((int)code >= REASON_CODE_FAILURE)
        window_refuse(&receipts->window, packet_id);
}
