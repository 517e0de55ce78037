#include "mqtt/property.h"

static struct str view_of(MQTTLenString data)
{
    return data.len > 0 ? (struct str){data.data, (size_t)data.len} : STR("");
}

/* The one property of that name; a second one makes none of both. */
static void take_once(struct str *place, bool *is_taken, struct str value)
{
    *place = *is_taken ? STR_NONE : value;
    *is_taken = true;
}

/* In one walk: there may be very many of them, from whoever sent them. */
void property_read(const MQTTProperties *properties, struct arrival *arrival)
{
    bool has_parent = false;
    bool has_state = false;
    for (int i = 0; i < properties->count; i++) {
        const MQTTProperty *property = &properties->array[i];
        if (property->identifier == MQTTPROPERTY_CODE_RESPONSE_TOPIC) {
            arrival->response_topic = view_of(property->value.data);
        } else if (property->identifier == MQTTPROPERTY_CODE_CORRELATION_DATA) {
            arrival->correlation = view_of(property->value.data);
        } else if (property->identifier == MQTTPROPERTY_CODE_MESSAGE_EXPIRY_INTERVAL) {
            arrival->expiry_s = property->value.integer4;
        } else if (property->identifier == MQTTPROPERTY_CODE_USER_PROPERTY) {
            struct str name = view_of(property->value.data);
            if (str_eq_text(name, PROPERTY_TRACEPARENT))
                take_once(&arrival->trace.parent, &has_parent, view_of(property->value.value));
            else if (str_eq_text(name, PROPERTY_TRACESTATE))
                take_once(&arrival->trace.state, &has_state, view_of(property->value.value));
        }
    }
}

static MQTTLenString len_string(struct str s)
{
    return (MQTTLenString){.len = (int)s.n, .data = (char *)s.p};
}

static int add_user(MQTTProperties *properties, const char *name, struct str value)
{
    if (str_is_absent(value))
        return 0;
    MQTTProperty property = {.identifier = MQTTPROPERTY_CODE_USER_PROPERTY};
    property.value.data = len_string(str_of(name));
    property.value.value = len_string(value);
    return MQTTProperties_add(properties, &property);
}

int property_write(const struct link_message *message, bool has_trace, MQTTProperties *properties)
{
    int rc = 0;
    if (!str_is_absent(message->correlation)) {
        MQTTProperty property = {.identifier = MQTTPROPERTY_CODE_CORRELATION_DATA};
        property.value.data = len_string(message->correlation);
        rc = MQTTProperties_add(properties, &property);
    }
    if (rc == 0 && has_trace)
        rc = add_user(properties, PROPERTY_TRACEPARENT, message->trace.parent);
    if (rc == 0 && has_trace)
        rc = add_user(properties, PROPERTY_TRACESTATE, message->trace.state);
    return rc;
}
