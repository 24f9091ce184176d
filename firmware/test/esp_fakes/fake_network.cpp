#include <algorithm>
#include <cstring>
#include <mutex>

#include "esp_http_client.h"
#include "esp_transport_ssl.h"
#include "fakes.hpp"

struct esp_mqtt_client {
    std::size_t index = 0;
    esp_event_handler_t handler = nullptr;
    void* arg = nullptr;
    std::string correlation;
};

struct esp_http_client {
    std::string body;  // as it was when the download began: a test may already prepare the next
    std::size_t break_after = 0;
    int status = 0;
    std::size_t sent = 0;
    std::size_t from = 0;
};

struct esp_transport_item_t {};

namespace fake {

std::atomic<int> live_clients{0};
std::atomic<bool> publish_fails{false};
std::atomic<bool> acknowledge_at_once{false};
int http_status = 200;
std::string http_body;
std::size_t http_break_after = 0;
std::string http_range;
bool http_tls13 = false;

namespace {

std::recursive_mutex mutex;
std::vector<MqttClient> mqtt_clients;
esp_mqtt_client* current = nullptr;
esp_transport_item_t transport;
int next_message = 0;

// Held while a handler runs: as with the real client, destroy() waits for the client's task.
std::recursive_mutex handling;

void emit(esp_mqtt_event_t& event) {
    const std::lock_guard busy(handling);
    if (current == nullptr || current->handler == nullptr) return;
    event.client = current;
    current->handler(current->arg, nullptr, event.event_id, &event);
}

}  // namespace

void http_serve(const std::string& body) {
    const std::lock_guard lock(mutex);
    http_body = body;
}

std::size_t client_count() {
    const std::lock_guard lock(mutex);
    return mqtt_clients.size();
}

MqttClient client() {
    const std::lock_guard lock(mutex);
    return mqtt_clients.empty() ? MqttClient{} : mqtt_clients.back();
}

void reset_network() {
    const std::lock_guard lock(mutex);
    mqtt_clients.clear();
    publish_fails = false;
    acknowledge_at_once = false;
    http_status = 200;
    http_body.clear();
    http_break_after = 0;
    http_range.clear();
    http_tls13 = false;
}

void mqtt_event(esp_mqtt_event_id_t id, int message, int reason) {
    esp_mqtt_event_t event{};
    event.event_id = id;
    event.msg_id = message;
    event.reason_code = reason;
    emit(event);
}

void mqtt_data(const std::string& topic, const std::string& payload, std::size_t part, bool retain,
               const std::string& correlation) {
    std::string topic_copy = topic;
    std::string payload_copy = payload;
    std::string correlation_copy = correlation;
    esp_mqtt5_event_property_t property{};
    property.correlation_data = correlation_copy.data();
    property.correlation_data_len = static_cast<std::uint16_t>(correlation_copy.size());
    std::size_t at = 0;
    do {
        const std::size_t n = std::min(part, payload.size() - at);
        esp_mqtt_event_t event{};
        event.event_id = MQTT_EVENT_DATA;
        event.data = payload_copy.data() + at;
        event.data_len = static_cast<int>(n);
        event.total_data_len = static_cast<int>(payload.size());
        event.current_data_offset = static_cast<int>(at);
        // As the real client: only the first part names the topic and has properties.
        event.topic = at == 0 ? topic_copy.data() : nullptr;
        event.topic_len = at == 0 ? static_cast<int>(topic.size()) : 0;
        event.property = at == 0 ? &property : nullptr;
        event.retain = retain;
        emit(event);
        at += n;
    } while (at < payload.size());
}

}  // namespace fake

using namespace fake;

extern "C" {

esp_mqtt_client_handle_t esp_mqtt_client_init(const esp_mqtt_client_config_t* config) {
    const std::lock_guard busy(handling);
    const std::lock_guard lock(mutex);
    MqttClient seen;
    seen.host = config->broker.address.hostname;
    seen.port = config->broker.address.port;
    seen.user = config->credentials.username;
    if (config->credentials.authentication.password != nullptr) seen.password = config->credentials.authentication.password;
    seen.will_topic = config->session.last_will.topic;
    seen.will.assign(config->session.last_will.msg, static_cast<std::size_t>(config->session.last_will.msg_len));
    mqtt_clients.push_back(seen);
    ++live_clients;
    current = new esp_mqtt_client{mqtt_clients.size() - 1, nullptr, nullptr, {}};
    return current;
}
esp_err_t esp_mqtt_client_register_event(esp_mqtt_client_handle_t client, esp_mqtt_event_id_t, esp_event_handler_t handler,
                                         void* arg) {
    const std::lock_guard busy(handling);
    client->handler = handler;
    client->arg = arg;
    return ESP_OK;
}
esp_err_t esp_mqtt_client_start(esp_mqtt_client_handle_t client) {
    mqtt_event(MQTT_EVENT_BEFORE_CONNECT);
    const std::lock_guard lock(mutex);
    mqtt_clients[client->index].started = true;
    return ESP_OK;
}
esp_err_t esp_mqtt_client_destroy(esp_mqtt_client_handle_t client) {
    const std::lock_guard busy(handling);
    const std::lock_guard lock(mutex);
    --live_clients;
    current = nullptr;
    delete client;
    return ESP_OK;
}
int esp_mqtt_client_subscribe_single(esp_mqtt_client_handle_t client, const char* topic, int) {
    const std::lock_guard lock(mutex);
    mqtt_clients[client->index].subscribed.emplace_back(topic);
    return ++next_message;
}
int esp_mqtt_client_publish(esp_mqtt_client_handle_t client, const char* topic, const char* data, int length, int qos,
                            int retain) {
    if (publish_fails) return -1;
    int message = 0;
    {
        const std::lock_guard lock(mutex);
        message = ++next_message;
        mqtt_clients[client->index].published.push_back(std::string(topic) + "|" +
                                                        std::string(data, static_cast<std::size_t>(length)) + "|" +
                                                        std::to_string(qos) + "|" + std::to_string(retain) + "|" +
                                                        client->correlation);
    }
    if (acknowledge_at_once) mqtt_event(MQTT_EVENT_PUBLISHED, message);
    return message;
}
esp_transport_handle_t esp_mqtt_client_get_transport(esp_mqtt_client_handle_t, char* scheme) {
    return std::string(scheme) == "mqtts" ? &transport : nullptr;
}
void esp_transport_ssl_set_tls_version(esp_transport_handle_t, esp_tls_proto_ver_t version) {
    const std::lock_guard lock(mutex);
    mqtt_clients.back().tls13 = version == ESP_TLS_VER_TLS_1_3;
}
esp_err_t esp_mqtt5_client_set_connect_property(esp_mqtt5_client_handle_t client,
                                                const esp_mqtt5_connection_property_config_t* property) {
    const std::lock_guard lock(mutex);
    mqtt_clients[client->index].receive_maximum = property->receive_maximum;
    return ESP_OK;
}
esp_err_t esp_mqtt5_client_set_publish_property(esp_mqtt5_client_handle_t client,
                                                const esp_mqtt5_publish_property_config_t* property) {
    client->correlation.clear();
    if (property->correlation_data != nullptr) {
        client->correlation.assign(property->correlation_data, property->correlation_data_len);
    }
    return ESP_OK;
}
esp_err_t esp_mqtt5_client_set_subscribe_property(esp_mqtt5_client_handle_t, const esp_mqtt5_subscribe_property_config_t*) {
    return ESP_OK;
}
esp_err_t esp_mqtt5_client_set_disconnect_property(esp_mqtt5_client_handle_t client,
                                                   const esp_mqtt5_disconnect_property_config_t* property) {
    const std::lock_guard lock(mutex);
    mqtt_clients[client->index].disconnect_reason = property->disconnect_reason;
    return ESP_OK;
}

esp_http_client_handle_t esp_http_client_init(const esp_http_client_config_t* config) {
    const std::lock_guard lock(mutex);
    http_tls13 = config->tls_version == ESP_HTTP_CLIENT_TLS_VER_TLS_1_3;
    return new esp_http_client{http_body, http_break_after, http_status, 0, 0};
}
esp_err_t esp_http_client_set_header(esp_http_client_handle_t client, const char*, const char* value) {
    const std::lock_guard lock(mutex);
    http_range = value;
    client->from = static_cast<std::size_t>(std::stoul(http_range.substr(6)));
    return ESP_OK;
}
esp_err_t esp_http_client_open(esp_http_client_handle_t client, int) { return client->status == 0 ? ESP_FAIL : ESP_OK; }
int64_t esp_http_client_fetch_headers(esp_http_client_handle_t) { return 0; }
int esp_http_client_get_status_code(esp_http_client_handle_t client) { return client->status; }
int esp_http_client_read(esp_http_client_handle_t client, char* buffer, int length) {
    if (client->break_after != 0 && client->sent >= client->break_after) return -1;
    const std::size_t at = client->from + client->sent;
    const std::size_t n = std::min(static_cast<std::size_t>(length), client->body.size() - at);
    std::memcpy(buffer, client->body.data() + at, n);
    client->sent += n;
    return static_cast<int>(n);
}
bool esp_http_client_is_complete_data_received(esp_http_client_handle_t client) {
    return client->from + client->sent == client->body.size();
}
esp_err_t esp_http_client_close(esp_http_client_handle_t) { return ESP_OK; }
esp_err_t esp_http_client_cleanup(esp_http_client_handle_t client) {
    delete client;
    return ESP_OK;
}
}
