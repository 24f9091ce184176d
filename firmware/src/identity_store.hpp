// Who this board is and how it reaches its network and broker: provisioned once, in the NVS partition "ident".
//
// Nothing but the provisioning image, the set-up page and the ten-second button writes it; a factory reset keeps it.
#pragma once

#include <cstdint>

#include "c_text.hpp"
#include "result.hpp"
#include "sdkconfig.h"

namespace egiz::esp {

using Pem = CText<2047>;

// The method by which the board proves itself to a WPA2-Enterprise network; none is WPA2-Personal.
enum class EapMethod : std::uint8_t { none, tls, peap, ttls };

struct WifiIdentity {
    CText<32> ssid;
    CText<64> password;
    EapMethod eap = EapMethod::none;
#ifdef CONFIG_ESP_WIFI_ENTERPRISE_SUPPORT
    CText<64> eap_identity;  // the outer, unencrypted one
    CText<64> eap_username;
    CText<64> eap_password;
    CText<128> eap_domain;  // the RADIUS server's name, which its certificate must carry
    Pem eap_ca;
    Pem eap_certificate;
    Pem eap_key;
#endif
};

struct BrokerIdentity {
    CText<128> host;
    std::uint16_t port = 8883;  // 8884 with a client certificate
    CText<64> password;         // empty: the client certificate is the login
    Pem ca;
    Pem certificate;
    Pem key;
};

// What is fitted, as texts for core/sensors/board_setup.hpp. Empty ones take the defaults.
struct FittedParts {
    CText<1> phases;
    CText<128> meter_calibration;
    CText<8> zones;
    CText<16> setpoint;
    CText<2> mains;
};

struct ProvisionedIdentity {
    CText<64> device_id;
    CText<64> factory_id;
    CText<64> equipment_type;
    CText<64> equipment_id;
    CText<64> sensor_type;
    CText<128> thing_id;
    CText<64> ntp_server;
    FittedParts parts;
    WifiIdentity wifi;
    BrokerIdentity broker;
};

class IdentityStore {
  public:
    Status open();
    // not_found when the board was never provisioned; bad_argument when something needed is missing (it is logged).
    Status load(ProvisionedIdentity& out);
    // One key of the table in README.md; unknown keys are bad_argument. A broken off provisioning leaves no identity:
    // `device_id` is what load() looks for first, and it is the last field of the set-up page.
    Status put(std::string_view key, std::string_view value);
    Status erase();
    // Not provisioned any more, but what was entered is kept for a corrected form.
    Status withdraw();
    // The password of the set-up network: from the provisioning image, else made at the first start.
    Status setup_password(CText<63>& out);

  private:
    Status get(const char* key, char* out, std::size_t size);
    template <std::size_t N>
    Status get(const char* key, CText<N>& out) {
        return get(key, out.buffer(), out.buffer_size());
    }
    Status load_wifi(WifiIdentity& out);
    Status load_broker(BrokerIdentity& out);

    std::uint32_t handle_ = 0;
};

}  // namespace egiz::esp
