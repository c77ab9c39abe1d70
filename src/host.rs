//! The shell around the core: Envoy's callbacks in, host calls out. The only files that know proxy-wasm.

mod attempt;
mod balances;
mod calls;
mod gateway;
mod inquiries;
mod registry;
mod shared_accounts;
mod shared_generations;
mod shared_health;
mod shared_performance;
mod shared_state;
mod shared_sticky;
mod shared_warnings;
mod stats;
mod tokens;

use std::hash::{BuildHasher, Hasher, RandomState};
use std::rc::Rc;
use std::time::Duration;

use proxy_wasm::traits::{Context, HttpContext, RootContext};
use proxy_wasm::types::{ContextType, LogLevel};

use self::calls::HostClock;
use crate::clock::Clock;
use crate::config::Config;

/// How often a worker shares what it has settled and observed.
const TICK: Duration = Duration::from_millis(100);

proxy_wasm::main! {{
    proxy_wasm::set_log_level(LogLevel::Info);
    proxy_wasm::set_root_context(|_| Box::new(Plugin { role: None }));
}}

/// One configured plugin: a role.
struct Plugin {
    role: Option<Role>,
}

enum Role {
    Gateway(Rc<gateway::Role>),
    Attempt,
}

// === impl Plugin ===

impl Context for Plugin {
    fn on_http_call_response(&mut self, call: u32, headers: usize, size: usize, _: usize) {
        if let Some(Role::Gateway(role)) = &self.role {
            role.handle_token(call, headers, size);
        }
    }

    fn on_done(&mut self) -> bool {
        // No tick comes after this.
        if let Some(Role::Gateway(role)) = &self.role {
            role.close();
        }
        true
    }
}

impl RootContext for Plugin {
    fn on_configure(&mut self, _: usize) -> bool {
        let configuration = calls::plugin_configuration();
        match Config::parse(&configuration, |name| std::env::var(name).ok()) {
            Ok(Config::Attempt) => self.role = Some(Role::Attempt),
            Ok(Config::Gateway(gateway)) => {
                shared_warnings::tell(&gateway.warnings(HostClock.now()));
                calls::set_tick_period(TICK);
                let role = gateway::Role::new(gateway, random());
                if let Err(error) = role.check() {
                    log::error!("signalbox: the configuration is refused: {error}");
                    return false;
                }
                self.role = Some(Role::Gateway(Rc::new(role)));
            }
            Err(error) => {
                log::error!("signalbox: the configuration is refused: {error}");
                return false;
            }
        }
        true
    }

    fn on_tick(&mut self) {
        shared_performance::share();
        if let Some(Role::Gateway(role)) = &self.role {
            role.fetch_tokens();
            role.handle_tick(HostClock.now());
        }
    }

    fn create_http_context(&self, context: u32) -> Option<Box<dyn HttpContext>> {
        match &self.role {
            Some(Role::Gateway(role)) => Some(Box::new(gateway::Filter::new(role.clone(), context))),
            // Envoy creates no stream of a plugin that refused its configuration.
            Some(Role::Attempt) | None => Some(Box::new(attempt::Filter::default())),
        }
    }

    fn get_type(&self) -> Option<ContextType> {
        Some(ContextType::HttpContext)
    }
}

/// A generator with a seed of the host's.
fn random() -> fastrand::Rng {
    fastrand::Rng::with_seed(RandomState::new().build_hasher().finish())
}
