#include "provision_form.hpp"

#include <algorithm>
#include <array>

namespace egiz::esp {
namespace {

constexpr std::size_t name = 64;
constexpr std::size_t pem = 2047;

// device_id comes last: it is what makes an identity one, so a broken off set-up leaves none.
constexpr std::array<ProvisionField, 29> fields = {{
    {"factory_id", "Factory", name, false, false},
    {"equip_type", "Equipment type", name, false, false},
    {"equip_id", "Equipment", name, false, false},
    {"sensor_type", "Sensor type", name, false, false},
    {"thing_id", "Thing", 128, false, false},
    {"wifi_ssid", "Wi-Fi name", 32, false, false},
    {"wifi_pass", "Wi-Fi password", 64, true, false},
    {"wifi_eap", "WPA2-Enterprise (tls, peap, ttls)", 8, false, false},
    {"eap_identity", "EAP outer identity", name, false, false},
    {"eap_user", "EAP user", name, false, false},
    {"eap_pass", "EAP password", name, true, false},
    {"eap_domain", "RADIUS server name", 128, false, false},
    {"eap_ca", "RADIUS CA (PEM)", pem, false, true},
    {"eap_cert", "EAP certificate (PEM)", pem, false, true},
    {"eap_key", "EAP key (PEM)", pem, true, true},
    {"mqtt_host", "Broker", 128, false, false},
    {"mqtt_port", "Broker port", 5, false, false},
    {"mqtt_pass", "Broker password", name, true, false},
    {"ca", "Broker CA (PEM)", pem, false, true},
    {"cert", "Client certificate (PEM)", pem, false, true},
    {"key", "Client key (PEM)", pem, true, true},
    {"ntp", "Time server", name, false, false},
    {"setup_pass", "Password of this set-up network", 63, true, false},
    {"phases", "PZEM modules (1 or 3)", 1, false, false},
    {"meter_cal", "Meter calibration (12 numbers)", 128, false, false},
    {"zones", "Zones: k (type K), p (PT100), P (PT1000)", 8, false, false},
    {"setpoint", "Setpoint input: degrees at 4 and at 20 mA (0:400)", 16, false, false},
    {"mains", "Mains frequency (50 or 60)", 2, false, false},
    {"device_id", "Device", name, false, false},
}};

int hex_digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    return -1;
}

// Decodes in place: the result is never longer than the source. corrupt for a bad escape or a zero byte.
Result<std::string_view> decoded(std::span<char> text) {
    std::size_t out = 0;
    for (std::size_t in = 0; in < text.size(); ++in) {
        char c = text[in];
        if (c == '+') {
            c = ' ';
        } else if (c == '%') {
            if (text.size() - in < 3) return Err::corrupt;
            const int high = hex_digit(text[in + 1]);
            const int low = hex_digit(text[in + 2]);
            if (high < 0 || low < 0) return Err::corrupt;
            c = static_cast<char>(high * 16 + low);
            in += 2;
        }
        if (c == '\0') return Err::corrupt;
        // Browsers send line ends as CR LF; PEM readers want LF alone.
        if (c != '\r') text[out++] = c;
    }
    return std::string_view(text.data(), out);
}

}  // namespace

std::span<const ProvisionField> provision_fields() { return fields; }

const ProvisionField* provision_field(std::string_view key) {
    const auto found = std::find_if(fields.begin(), fields.end(), [&](const ProvisionField& f) { return f.key == key; });
    return found == fields.end() ? nullptr : &*found;
}

Result<FormReader::Pair> FormReader::next() {
    if (rest_.empty()) return Err::not_found;
    const auto end = std::find(rest_.begin(), rest_.end(), '&');
    const auto length = static_cast<std::size_t>(end - rest_.begin());
    std::span<char> pair = rest_.first(length);
    rest_ = rest_.subspan(std::min(length + 1, rest_.size()));
    const auto equals = std::find(pair.begin(), pair.end(), '=');
    if (equals == pair.end()) return Err::corrupt;
    const auto split = static_cast<std::size_t>(equals - pair.begin());
    const Result<std::string_view> key = decoded(pair.first(split));
    const Result<std::string_view> value = decoded(pair.subspan(split + 1));
    if (!key || !value) return Err::corrupt;
    return Pair{key.value(), value.value()};
}

}  // namespace egiz::esp
