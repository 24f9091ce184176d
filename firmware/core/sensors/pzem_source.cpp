#include "pzem_source.hpp"

#include <algorithm>

namespace egiz::sensors {
namespace {

constexpr std::uint32_t reply_timeout_ms = 100;

}  // namespace

PzemSource::PzemSource(UartBus& uart, const PzemSetup& setup) : uart_(uart), setup_(setup) {
    setup_.phases = std::clamp<std::size_t>(setup_.phases, 1, 3);
}

PzemReply PzemSource::ask(std::size_t phase, std::uint64_t now_ms) {
    Presence& presence = presence_[phase];
    PzemReply reply{PzemError::length, 0, PzemSample::all(presence.reason())};
    if (!presence.due(now_ms)) return reply;

    const std::uint8_t address = setup_.addresses[phase];
    std::array<std::uint8_t, pzem_reply_size> frame{};
    const Status status = uart_.exchange(pzem_read_request(address), frame, reply_timeout_ms);
    // A refusal is shorter than an answer, so it ends in a timeout with its five bytes in front.
    const std::size_t length = status.ok() ? pzem_reply_size : pzem_error_size;
    reply = pzem_decode(Bytes(frame).first(length), address);
    const bool spoke = reply.error == PzemError::none || reply.error == PzemError::exception;
    if (spoke) {
        presence.answered();
    } else {
        presence.failed(now_ms);
        reply.sample = PzemSample::all(presence.reason());
    }
    return reply;
}

void PzemSource::sample(std::uint64_t monotonic_ms, Reading& out) {
    std::array<PzemReply, 3> replies{};
    for (std::size_t phase = 0; phase < setup_.phases; ++phase) replies[phase] = ask(phase, monotonic_ms);
    out.kind = SensorKind::electrical;
    out.electrical = to_reading(combine_phases(std::span(replies).first(setup_.phases)));
    filter_.apply(out.electrical);
}

}  // namespace egiz::sensors
