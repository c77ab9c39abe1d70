//! The counters, in Redis: one for each limit and each value of its variables, which lives for as long as the limit's window.

use limitador::counter::Counter;
use redis::{Client, Pipeline, RedisResult, aio::MultiplexedConnection};
use tokio::sync::Mutex;

/// A Redis, and the connection to it while there is one.
pub struct Counters {
    client: Client,
    connection: Mutex<Option<MultiplexedConnection>>,
}

/// What a counter came to.
pub struct Count {
    pub value: u64,
    /// Until it begins anew.
    pub seconds_left: u64,
}

impl Counters {
    /// The Redis at `url`, which need not be there yet.
    pub fn at(url: &str) -> RedisResult<Self> {
        Ok(Self { client: Client::open(url)?, connection: Mutex::new(None) })
    }

    /// Adds `hits` to `counter`, all at once for everybody, and says what it came to. No hits leave it as it is.
    pub async fn add(&self, counter: &Counter, hits: u64) -> RedisResult<Count> {
        let (name, window) = (name(counter), counter.window().as_secs());
        let mut commands = redis::pipe();
        commands.atomic();
        if hits > 0 {
            commands.incr(&name, hits).cmd("EXPIRE").arg(&name).arg(window).arg("NX").ignore();
        } else {
            commands.get(&name);
        }
        commands.ttl(&name);
        let (value, left) = self.query(&commands).await?;
        Ok(Count { value: value.unwrap_or(0), seconds_left: u64::try_from(left).unwrap_or(window) })
    }

    async fn query(&self, commands: &Pipeline) -> RedisResult<(Option<u64>, i64)> {
        let mut held = self.connection.lock().await;
        let mut connection = match &*held {
            Some(connection) => connection.clone(),
            None => held.insert(self.client.get_multiplexed_async_connection().await?).clone(),
        };
        drop(held);
        let answer = commands.query_async(&mut connection).await;
        if answer.is_err() {
            *self.connection.lock().await = None;
        }
        answer
    }
}

/// Such as `signalbox:["descriptors[0].unit == 'tokens'"]:60:search-team`.
fn name(counter: &Counter) -> String {
    let mut conditions: Vec<String> = counter.limit().conditions().into_iter().collect();
    conditions.sort();
    let values: Vec<&str> = counter.set_variables().values().map(String::as_str).collect();
    format!("{}:{conditions:?}:{}:{}", counter.namespace().as_ref(), counter.window().as_secs(), values.join(":"))
}
