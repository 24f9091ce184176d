// The half of the link that may block (its own task) and the half that is called back (esp-mqtt's task).
#include <algorithm>
#include <cstring>

#include "esp_log.h"
#include "esp_tls.h"
#include "esp_transport_ssl.h"
#include "freertos/task.h"
#include "mqtt_link.hpp"

namespace egiz::esp {
namespace {

constexpr const char* tag = "mqtt";
constexpr int network_timeout_ms = 10'000;
// esp-mqtt sends unacknowledged messages again on the same connection, by default after a second. The core gives a
// session up after 30 s without acknowledgements, so that never has to happen.
constexpr int retransmit_ms = 60'000;
constexpr std::uint8_t disconnect_with_will = 0x04;
// The core empties the event queue at least once a second. A full one holds the sender up, but not for ever: the core may
// just then be waiting for this task to end.
constexpr std::uint32_t patience_ms = 2'000;
constexpr std::uint32_t refused_codes = 0x80;  // MQTT 5, 2.4: reason codes of 80h and above are failures

}  // namespace

void MqttLink::run(void* self) {
    auto& link = *static_cast<MqttLink*>(self);
    LinkJob job;
    while (true) {
        if (xQueueReceive(link.jobs_, &job, portMAX_DELAY) != pdTRUE) continue;
        const Ending ending = link.ending_.exchange(Ending::none);
        if (ending != Ending::none) link.close_session(ending);
        link.perform(job);
    }
}

void MqttLink::perform(const LinkJob& job) {
    switch (job.kind) {
        case LinkJobKind::connect: open_session(job.session); break;
        case LinkJobKind::look: break;
        case LinkJobKind::subscribe:
        case LinkJobKind::publish:
            if (client_ != nullptr && job.session == session_.load()) send(job);
            outbound_[job.slot].used.store(false);
            break;
    }
}

void MqttLink::open_session(std::uint32_t session) {
    if (session != session_.load()) return;  // given up before it began; the ending follows
    if (create_client() && set_connect_properties() && esp_mqtt_client_start(client_) == ESP_OK) return;
    ESP_LOGE(tag, "no memory for a connection");
    report(LinkEventKind::disconnected);
}

bool MqttLink::create_client() {
    esp_mqtt_client_config_t config{};
    config.broker.address.hostname = parameters_.host.c_str();
    config.broker.address.port = parameters_.port;
    config.broker.address.transport = MQTT_TRANSPORT_OVER_SSL;
    // Our CA alone is trusted, and the certificate must carry the host's name (the SDK's default check).
    config.broker.verification.certificate = broker_.ca.c_str();
    config.credentials.client_id = account_;
    config.credentials.username = account_;
    if (!broker_.password.empty()) config.credentials.authentication.password = broker_.password.c_str();
    if (!broker_.certificate.empty()) {
        config.credentials.authentication.certificate = broker_.certificate.c_str();
        config.credentials.authentication.key = broker_.key.c_str();
    }
    config.session.protocol_ver = MQTT_PROTOCOL_V_5;
    config.session.disable_clean_session = true;
    config.session.keepalive = parameters_.keep_alive_s;
    config.session.message_retransmit_timeout = retransmit_ms;
    config.session.last_will.topic = parameters_.will_topic.c_str();
    config.session.last_will.msg = parameters_.will_payload.data();
    config.session.last_will.msg_len = parameters_.will_size;
    config.session.last_will.qos = parameters_.will_qos;
    config.session.last_will.retain = parameters_.will_retain ? 1 : 0;
    config.network.timeout_ms = network_timeout_ms;
    config.network.disable_auto_reconnect = true;  // the core decides when, with jitter
    config.buffer.size = 2048;                     // larger commands come in parts
    config.buffer.out_size = 3072;
    config.outbox.limit = 64 * 1024;
    client_ = esp_mqtt_client_init(&config);
    if (client_ == nullptr) return false;
    return esp_mqtt_client_register_event(client_, MQTT_EVENT_ANY, on_event, this) == ESP_OK;
}

bool MqttLink::set_connect_properties() {
    esp_mqtt5_connection_property_config_t properties{};
    properties.session_expiry_interval = parameters_.session_expiry_s;
    properties.receive_maximum = parameters_.receive_maximum;
    properties.maximum_packet_size = longest_command + longest_topic + 256;
    properties.request_problem_info = true;
    properties.payload_format_indicator = true;
    properties.content_type = "application/json";
    return esp_mqtt5_client_set_connect_property(client_, &properties) == ESP_OK;
}

void MqttLink::close_session(Ending how) {
    if (client_ != nullptr) {
        // destroy() says goodbye to the broker, which would then forget the will. MQTT 5, 3.14.2.1: this reason keeps it.
        if (how == Ending::with_will) {
            esp_mqtt5_disconnect_property_config_t properties{};
            properties.disconnect_reason = disconnect_with_will;
            (void)esp_mqtt5_client_set_disconnect_property(client_, &properties);
        }
        (void)esp_mqtt_client_destroy(client_);
        client_ = nullptr;
    }
    // esp-mqtt's task has ended with the client: a half received message is nobody's any more.
    if (receiving_ < inbound_slots) inbound_[receiving_].used.store(false);
    receiving_ = inbound_slots;
    live_session_.store(0);
}

void MqttLink::send(const LinkJob& job) {
    const OutboundSlot& slot = outbound_[job.slot];
    if (job.kind == LinkJobKind::subscribe) {
        esp_mqtt5_subscribe_property_config_t properties{};
        // Without this the broker clears the retain flag, and a retained command would look like a live one.
        properties.retain_as_published_flag = true;
        (void)esp_mqtt5_client_set_subscribe_property(client_, &properties);
        if (esp_mqtt_client_subscribe_single(client_, slot.topic.c_str(), slot.qos) < 0) {
            report(LinkEventKind::disconnected);
        }
        return;
    }
    esp_mqtt5_publish_property_config_t properties{};
    properties.payload_format_indicator = true;
    properties.content_type = "application/json";
    if (slot.correlation_size > 0) {
        properties.correlation_data = slot.correlation.data();
        properties.correlation_data_len = slot.correlation_size;
    }
    (void)esp_mqtt5_client_set_publish_property(client_, &properties);
    const int id = esp_mqtt_client_publish(client_, slot.topic.c_str(), slot.payload.data(), slot.payload_size,
                                           slot.qos, slot.retain ? 1 : 0);
    LinkEvent event;
    event.kind = id < 0 ? LinkEventKind::refused : LinkEventKind::sent;
    event.number = id;
    event.token = slot.token;
    event.session = job.session;
    (void)xQueueSend(events_, &event, pdMS_TO_TICKS(patience_ms));
}

void MqttLink::on_event(void* self, const char*, std::int32_t, void* data) {
    static_cast<MqttLink*>(self)->handle(*static_cast<const esp_mqtt_event_t*>(data));
}

void MqttLink::handle(const esp_mqtt_event_t& event) {
    const bool accepted = static_cast<std::uint32_t>(event.reason_code) < refused_codes;
    switch (event.event_id) {
        case MQTT_EVENT_BEFORE_CONNECT: force_tls13(event.client); break;
        case MQTT_EVENT_CONNECTED: report(LinkEventKind::connected); break;
        case MQTT_EVENT_DISCONNECTED: report(LinkEventKind::disconnected); break;
        // A refused subscription is as useless as a lost connection, and is tried again the same way.
        case MQTT_EVENT_SUBSCRIBED:
            report(accepted ? LinkEventKind::subscribed : LinkEventKind::disconnected);
            break;
        case MQTT_EVENT_PUBLISHED: report(LinkEventKind::published, event.msg_id, accepted); break;
        // Given up by esp-mqtt: for the core the same as a refusal, it sends the record again.
        case MQTT_EVENT_DELETED: report(LinkEventKind::published, event.msg_id, false); break;
        case MQTT_EVENT_DATA: receive(event); break;
        default: break;
    }
}

// SEC-1. esp-mqtt has no setting for it, and an image with WPA2-Enterprise still contains TLS 1.2 (the supplicant
// needs it), so the version is set on the transport before every connection.
void MqttLink::force_tls13(esp_mqtt_client_handle_t client) {
    char scheme[] = "mqtts";
    const esp_transport_handle_t transport = esp_mqtt_client_get_transport(client, scheme);
    if (transport != nullptr) esp_transport_ssl_set_tls_version(transport, ESP_TLS_VER_TLS_1_3);
}

// The first part of a message: finds it a place. Commands are idempotent, and the service sends one again that was not
// answered, so what finds no place may be dropped.
void MqttLink::begin_message(const esp_mqtt_event_t& event) {
    if (receiving_ < inbound_slots) inbound_[receiving_].used.store(false);
    receiving_ = inbound_slots;
    const bool fits = event.total_data_len <= static_cast<int>(longest_command) &&
                      event.topic_len <= static_cast<int>(longest_topic);
    for (std::uint8_t i = 0; fits && i < inbound_slots && receiving_ == inbound_slots; ++i) {
        if (!inbound_[i].used.exchange(true)) receiving_ = i;
    }
    if (receiving_ == inbound_slots) {
        ESP_LOGW(tag, "a message of %d bytes is dropped", event.total_data_len);
        return;
    }
    InboundSlot& slot = inbound_[receiving_];
    slot.retained = event.retain;
    slot.topic_size = static_cast<std::uint16_t>(event.topic_len);
    std::memcpy(slot.topic.data(), event.topic, static_cast<std::size_t>(event.topic_len));
    slot.correlation_size = 0;
    const auto* property = event.property;
    if (property == nullptr || property->correlation_data == nullptr) return;
    if (property->correlation_data_len > longest_correlation) return;
    slot.correlation_size = static_cast<std::uint8_t>(property->correlation_data_len);
    std::memcpy(slot.correlation.data(), property->correlation_data, property->correlation_data_len);
}

void MqttLink::receive(const esp_mqtt_event_t& event) {
    if (event.current_data_offset == 0) begin_message(event);
    if (receiving_ == inbound_slots) return;
    InboundSlot& slot = inbound_[receiving_];
    const auto offset = static_cast<std::size_t>(event.current_data_offset);
    const auto length = static_cast<std::size_t>(event.data_len);
    if (offset > slot.payload.size() || length > slot.payload.size() - offset) {
        slot.used.store(false);
        receiving_ = inbound_slots;
        return;
    }
    if (length > 0) std::memcpy(slot.payload.data() + offset, event.data, length);
    if (event.current_data_offset + event.data_len < event.total_data_len) return;
    slot.payload_size = static_cast<std::uint16_t>(event.total_data_len);
    const std::uint8_t done = receiving_;
    receiving_ = inbound_slots;
    report(LinkEventKind::message, 0, true, done);
}

void MqttLink::report(LinkEventKind kind, std::int32_t number, bool accepted, std::uint8_t slot) {
    LinkEvent event;
    event.kind = kind;
    event.number = number;
    event.accepted = accepted;
    event.slot = slot;
    event.session = live_session_.load();
    if (xQueueSend(events_, &event, pdMS_TO_TICKS(patience_ms)) == pdTRUE) return;
    if (kind == LinkEventKind::message) inbound_[slot].used.store(false);
}

}  // namespace egiz::esp
