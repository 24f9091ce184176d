#include "mqtt_link.hpp"

#include <algorithm>
#include <cstring>

#include "freertos/task.h"

namespace egiz::esp {
namespace {

constexpr UBaseType_t job_queue = outbound_slots + 4;
// Everything the core can have in flight, twice (sent and published), and some.
constexpr UBaseType_t event_queue = 64;
constexpr std::uint32_t stack_bytes = 6144;  // TLS session teardown runs here
constexpr UBaseType_t priority = 6;

Bytes as_bytes(const char* data, std::size_t size) { return {reinterpret_cast<const std::uint8_t*>(data), size}; }

OutboundSlot* take_slot(std::array<OutboundSlot, outbound_slots>& slots, std::uint8_t& index) {
    for (std::uint8_t i = 0; i < outbound_slots; ++i) {
        if (slots[i].used.exchange(true)) continue;
        index = i;
        return &slots[i];
    }
    return nullptr;
}

}  // namespace

Status MqttLink::start() {
    jobs_ = xQueueCreate(job_queue, sizeof(LinkJob));
    events_ = xQueueCreate(event_queue, sizeof(LinkEvent));
    if (jobs_ == nullptr || events_ == nullptr) return Err::no_space;
    if (xTaskCreatePinnedToCore(run, "mqtt_link", stack_bytes, this, priority, nullptr, tskNO_AFFINITY) != pdPASS) {
        return Err::no_space;
    }
    return {};
}

bool MqttLink::post(const LinkJob& job) { return xQueueSend(jobs_, &job, 0) == pdTRUE; }

Status MqttLink::connect(const ConnectRequest& request) {
    // The parameters are read by the link's task: it must have finished with the session before.
    if (live_session_.load() != 0) return Err::busy;
    ConnectParameters& p = parameters_;
    const bool host_fits = request.host.empty() ? p.host.assign(broker_.host.view()) : p.host.assign(request.host);
    if (!host_fits || !p.will_topic.assign(request.will.topic)) return Err::bad_argument;
    if (request.will.payload.size() > p.will_payload.size()) return Err::bad_argument;
    std::copy(request.will.payload.begin(), request.will.payload.end(), p.will_payload.begin());
    p.will_size = static_cast<std::uint16_t>(request.will.payload.size());
    p.will_qos = request.will.qos;
    p.will_retain = request.will.retain;
    p.port = request.port != 0 ? request.port : broker_.port;
    p.keep_alive_s = request.keep_alive_s;
    p.receive_maximum = request.receive_maximum;
    p.session_expiry_s = request.session_expiry_s;
    acks_.clear();
    const std::uint32_t session = session_.fetch_add(1) + 1;
    live_session_.store(session);
    if (post({LinkJobKind::connect, 0, session})) return {};
    live_session_.store(0);
    return Err::busy;
}

void MqttLink::disconnect(bool clean) { end_session(clean ? Ending::without_will : Ending::with_will); }

void MqttLink::end_session(Ending how) {
    // From here on every event of the old session is stale.
    session_.fetch_add(1);
    acks_.clear();
    if (live_session_.load() == 0) return;
    ending_.store(how);
    (void)post({LinkJobKind::look, 0, 0});
}

Status MqttLink::subscribe(std::string_view topic, std::uint8_t qos) {
    std::uint8_t index = 0;
    OutboundSlot* slot = take_slot(outbound_, index);
    if (slot == nullptr) return Err::busy;
    slot->qos = qos;
    if (slot->topic.assign(topic) && post({LinkJobKind::subscribe, index, session_.load()})) return {};
    slot->used.store(false);
    return Err::busy;
}

Result<std::uint32_t> MqttLink::publish(const PublishRequest& request) {
    if (request.payload.size() > longest_payload || request.correlation.size() > longest_correlation) {
        return Err::no_space;
    }
    std::uint8_t index = 0;
    OutboundSlot* slot = take_slot(outbound_, index);
    if (slot == nullptr) return Err::busy;
    slot->token = next_token_;
    slot->qos = request.qos;
    slot->retain = request.retain;
    std::copy(request.payload.begin(), request.payload.end(), slot->payload.begin());
    slot->payload_size = static_cast<std::uint16_t>(request.payload.size());
    if (!request.correlation.empty()) {
        std::memcpy(slot->correlation.data(), request.correlation.data(), request.correlation.size());
    }
    slot->correlation_size = static_cast<std::uint8_t>(request.correlation.size());
    if (!slot->topic.assign(request.topic) || !post({LinkJobKind::publish, index, session_.load()})) {
        slot->used.store(false);
        return Err::busy;
    }
    const std::uint32_t token = next_token_++;
    if (next_token_ == 0) next_token_ = 1;
    return token;
}

void MqttLink::dispatch(MqttEvents& core, std::uint32_t wait_ms) {
    LinkEvent event;
    TickType_t wait = pdMS_TO_TICKS(wait_ms);
    // A bounded number: a flood of events must not keep the core from its other work.
    for (UBaseType_t handled = 0; handled < event_queue; ++handled) {
        if (xQueueReceive(events_, &event, wait) != pdTRUE) return;
        wait = 0;
        deliver(event, core);
    }
}

void MqttLink::deliver(const LinkEvent& event, MqttEvents& core) {
    if (event.session != session_.load()) {
        if (event.kind == LinkEventKind::message) inbound_[event.slot].used.store(false);
        return;
    }
    switch (event.kind) {
        case LinkEventKind::connected: core.on_connected(); break;
        case LinkEventKind::disconnected:
            // The core believes the session gone; the link's task still has to take it down.
            end_session(Ending::with_will);
            core.on_disconnected();
            break;
        case LinkEventKind::subscribed: core.on_subscribed(); break;
        case LinkEventKind::sent:
            if (const auto ack = acks_.sent(event.number, event.token)) core.on_published(ack->token, ack->accepted);
            break;
        case LinkEventKind::published:
            if (const auto ack = acks_.acknowledged(event.number, event.accepted)) {
                core.on_published(ack->token, ack->accepted);
            }
            break;
        case LinkEventKind::refused: core.on_published(event.token, false); break;
        case LinkEventKind::message: deliver_message(event.slot, core); break;
    }
}

void MqttLink::deliver_message(std::uint8_t index, MqttEvents& core) {
    InboundSlot& slot = inbound_[index];
    core.on_message({{slot.topic.data(), slot.topic_size},
                     {slot.payload.data(), slot.payload_size},
                     slot.retained,
                     as_bytes(slot.correlation.data(), slot.correlation_size)});
    slot.used.store(false);
}

}  // namespace egiz::esp
