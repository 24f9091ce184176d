#include "mqtt_session.hpp"

#include <mqtt_protocol.h>

#include <cstdlib>

namespace egiz::host {
namespace {
constexpr std::uint64_t misc_every_ms = 500;
constexpr int max_packets = 64;
}  // namespace

MqttSession::~MqttSession() {
    if (connector_.joinable()) connector_.join();
    release();
}

void MqttSession::release() {
    if (client_ != nullptr) mosquitto_destroy(client_);
    client_ = nullptr;
}

bool MqttSession::secure() {
    const bool certificate = !account_.cert_file.empty();
    const char* cert = certificate ? account_.cert_file.c_str() : nullptr;
    const char* key = certificate ? account_.key_file.c_str() : nullptr;
    const char* password = account_.password.empty() ? nullptr : account_.password.c_str();
    constexpr int verify_peer = 1;
    if (mosquitto_tls_set(client_, account_.ca_file.c_str(), nullptr, cert, key, nullptr) != MOSQ_ERR_SUCCESS) return false;
    // Without this, libmosquitto would also accept TLS 1.2 (SEC-1).
    if (mosquitto_tls_opts_set(client_, verify_peer, "tlsv1.3", nullptr) != MOSQ_ERR_SUCCESS) return false;
    return mosquitto_username_pw_set(client_, account_.username.c_str(), password) == MOSQ_ERR_SUCCESS;
}

bool MqttSession::prepare(const ConnectRequest& request) {
    client_ = mosquitto_new(account_.username.c_str(), false, this);
    if (client_ == nullptr) return false;
    mosquitto_int_option(client_, MOSQ_OPT_PROTOCOL_VERSION, MQTT_PROTOCOL_V5);
    mosquitto_int_option(client_, MOSQ_OPT_RECEIVE_MAXIMUM, request.receive_maximum);
    mosquitto_int_option(client_, MOSQ_OPT_TCP_NODELAY, 1);
    mosquitto_connect_v5_callback_set(client_, &MqttSession::on_connect);
    mosquitto_disconnect_v5_callback_set(client_, &MqttSession::on_disconnect);
    mosquitto_publish_v5_callback_set(client_, &MqttSession::on_publish);
    mosquitto_subscribe_v5_callback_set(client_, &MqttSession::on_subscribe);
    mosquitto_message_v5_callback_set(client_, &MqttSession::on_message);
    const Will& will = request.will;
    const int rc = mosquitto_will_set_v5(client_, std::string(will.topic).c_str(), static_cast<int>(will.payload.size()),
                                         will.payload.data(), will.qos, will.retain, nullptr);
    return rc == MOSQ_ERR_SUCCESS && secure();
}

Status MqttSession::connect(const ConnectRequest& request) {
    if (attempt_running_) return Err::busy;  // the attempt before is still waiting for the network
    release();
    if (!prepare(request)) {
        release();
        return Err::io;
    }
    const std::string host = request.host.empty() ? account_.host : std::string(request.host);
    const int port = request.port == 0 ? account_.port : request.port;
    const int keep_alive = request.keep_alive_s;
    const std::uint32_t expiry = request.session_expiry_s;
    wanted_ = true;
    attempt_running_ = true;
    connecting_ = true;
    // Name resolution and TCP connect block in the library; a broker that is away must not stop the other boards.
    connector_ = std::thread([this, host, port, keep_alive, expiry] {
        mosquitto_property* properties = nullptr;
        mosquitto_property_add_int32(&properties, MQTT_PROP_SESSION_EXPIRY_INTERVAL, expiry);
        connect_result_ = mosquitto_connect_bind_v5(client_, host.c_str(), port, keep_alive, nullptr, properties);
        mosquitto_property_free_all(&properties);
        connecting_ = false;
    });
    return {};
}

void MqttSession::disconnect(bool clean) {
    wanted_ = false;
    if (client_ == nullptr || attempt_running_) return;
    // Reason 0x04 lets the broker send the will at once instead of after the keep-alive.
    constexpr int normal = 0x00;
    constexpr int with_will = 0x04;
    mosquitto_disconnect_v5(client_, clean ? normal : with_will, nullptr);
}

Status MqttSession::subscribe(std::string_view topic, std::uint8_t qos) {
    if (client_ == nullptr || !wanted_) return Err::not_connected;
    const int rc = mosquitto_subscribe_v5(client_, nullptr, std::string(topic).c_str(), qos, 0, nullptr);
    return rc == MOSQ_ERR_SUCCESS ? Status() : Status(Err::io);
}

Result<std::uint32_t> MqttSession::publish(const PublishRequest& request) {
    if (client_ == nullptr || !wanted_ || attempt_running_) return Err::not_connected;
    mosquitto_property* properties = nullptr;
    mosquitto_property_add_byte(&properties, MQTT_PROP_PAYLOAD_FORMAT_INDICATOR, 1);
    mosquitto_property_add_string(&properties, MQTT_PROP_CONTENT_TYPE, "application/json");
    if (!request.correlation.empty()) {
        mosquitto_property_add_binary(&properties, MQTT_PROP_CORRELATION_DATA, request.correlation.data(),
                                      static_cast<std::uint16_t>(request.correlation.size()));
    }
    int token = 0;
    const int rc = mosquitto_publish_v5(client_, &token, std::string(request.topic).c_str(),
                                        static_cast<int>(request.payload.size()), request.payload.data(), request.qos,
                                        request.retain, properties);
    mosquitto_property_free_all(&properties);
    if (rc != MOSQ_ERR_SUCCESS) return rc == MOSQ_ERR_NO_CONN ? Err::not_connected : Err::io;
    return static_cast<std::uint32_t>(token);
}

int MqttSession::socket() const { return client_ == nullptr || attempt_running_ ? -1 : mosquitto_socket(client_); }

bool MqttSession::wants_write() const { return socket() >= 0 && mosquitto_want_write(client_); }

void MqttSession::check(int code) {
    if (code != MOSQ_ERR_SUCCESS && code != MOSQ_ERR_NO_CONN) lost();
}

void MqttSession::on_ready(bool readable, bool writable) {
    if (client_ == nullptr || attempt_running_) return;
    if (readable) check(mosquitto_loop_read(client_, max_packets));
    if (writable && client_ != nullptr && mosquitto_socket(client_) >= 0) check(mosquitto_loop_write(client_, max_packets));
}

void MqttSession::step(std::uint64_t now_ms) {
    if (attempt_running_) {
        if (connecting_) return;
        connector_.join();
        attempt_running_ = false;
        if (connect_result_ != MOSQ_ERR_SUCCESS) lost();
    }
    if (client_ != nullptr && !wanted_) {
        // Given up by the core: a last chance to write the disconnect, then it is gone.
        if (mosquitto_socket(client_) >= 0) (void)mosquitto_loop_write(client_, max_packets);
        release();
    }
    if (client_ != nullptr && now_ms >= next_misc_ms_) {
        next_misc_ms_ = now_ms + misc_every_ms;
        check(mosquitto_loop_misc(client_));
    }
}

void MqttSession::lost() {
    if (!wanted_) return;
    wanted_ = false;
    if (events_ != nullptr) events_->on_disconnected();
}

void MqttSession::on_connect(mosquitto*, void* context, int reason, int, const mosquitto_property*) {
    MqttSession& session = self(context);
    if (!session.wanted_) return;
    if (reason != 0) {
        session.lost();
    } else if (session.events_ != nullptr) {
        session.events_->on_connected();
    }
}

void MqttSession::on_disconnect(mosquitto*, void* context, int, const mosquitto_property*) { self(context).lost(); }

void MqttSession::on_publish(mosquitto*, void* context, int token, int reason, const mosquitto_property*) {
    MqttSession& session = self(context);
    if (!session.wanted_ || session.events_ == nullptr) return;
    session.events_->on_published(static_cast<std::uint32_t>(token), reason < 0x80);
}

void MqttSession::on_subscribe(mosquitto*, void* context, int, int count, const int* granted, const mosquitto_property*) {
    MqttSession& session = self(context);
    if (!session.wanted_ || session.events_ == nullptr) return;
    if (count > 0 && granted[0] < 0x80) session.events_->on_subscribed();
}

void MqttSession::on_message(mosquitto*, void* context, const mosquitto_message* message, const mosquitto_property* properties) {
    MqttSession& session = self(context);
    if (!session.wanted_ || session.events_ == nullptr || message->payloadlen < 0) return;
    void* correlation = nullptr;
    std::uint16_t correlation_size = 0;
    (void)mosquitto_property_read_binary(properties, MQTT_PROP_CORRELATION_DATA, &correlation, &correlation_size, false);
    InboundMessage inbound;
    inbound.topic = message->topic;
    inbound.payload = {static_cast<const char*>(message->payload), static_cast<std::size_t>(message->payloadlen)};
    inbound.retained = message->retain;
    inbound.correlation = {static_cast<const std::uint8_t*>(correlation), correlation_size};
    session.events_->on_message(inbound);
    std::free(correlation);
}

}  // namespace egiz::host
