"""Talk with agents, generated: what people say of themselves, change, contradict, and much else. For `benchmarks.memory`.

A fact is a kind (home, exam ...) with the values that it had in turn. Every statement and question comes from a list of sentences a person
might type; nothing in here is shared with the rules that extract claims. One author wrote both, so each kind also has sentences that the
first rules were not tuned on: `KEPT_APART`, by whose failures the rules were mended later, and then `UNSEEN`, written after that. They are
reported by themselves.
"""

import datetime
import random
from dataclasses import dataclass, field

START = datetime.datetime(2026, 1, 5, 9, 0, tzinfo=datetime.UTC)

CITIES = {"en": "Seoul Busan Daegu Incheon Jeju Berlin Lisbon Osaka Toronto Austin".split(),
          "ko": "서울 부산 대구 인천 제주 춘천 전주 강릉 수원 대전".split()}
FIRMS = {"en": ["Naver", "Kakao", "Samsung", "Coupang", "Hanwha", "Spotify", "Siemens", "Bosch"],
         "ko": ["네이버", "카카오", "삼성전자", "쿠팡", "한화", "라인", "토스", "당근"]}
PETS = {"en": ["Max", "Coco", "Bori", "Luna", "Simba", "Poppy"], "ko": ["콩이", "보리", "초코", "두부", "나비", "호두"]}
FOODS = {"en": ["ramen", "sushi", "bibimbap", "lasagna", "tacos", "curry"],
         "ko": ["김치찌개", "떡볶이", "냉면", "초밥", "파스타", "삼겹살"]}
ALLERGENS = {"en": ["peanuts", "shrimp", "pollen", "cats", "milk"], "ko": ["땅콩", "새우", "꽃가루", "복숭아", "우유"]}
DATES = {"en": ["June 3", "June 17", "July 8", "September 21", "October 5", "November 12"],
         "ko": ["6월 3일", "6월 17일", "7월 8일", "9월 21일", "10월 5일", "11월 12일"]}
GOALS = {"en": ["pass the TOPIK exam", "run a marathon", "save ten thousand dollars", "publish a paper", "learn to swim"],
         "ko": ["토익 900점", "마라톤 완주", "천만 원 모으기", "정보처리기사 합격", "한라산 등반"]}
HOBBIES = {"en": ["climbing", "pottery", "chess", "photography", "baking", "fishing"],
           "ko": ["등산", "도예", "바둑", "사진", "베이킹", "낚시"]}
SUBJECTS = {"en": ["calculus", "chemistry", "grammar", "statistics", "history"], "ko": ["수학", "화학", "영문법", "통계", "한국사"]}
DRINKS = {"en": ["coffee", "green tea", "beer", "cola", "orange juice"], "ko": ["커피", "녹차", "맥주", "콜라", "오렌지 주스"]}
JOBS = {"en": ["nurse", "teacher", "data engineer", "chef", "architect"], "ko": ["간호사", "교사", "데이터 엔지니어", "요리사", "건축가"]}


@dataclass(frozen=True)
class Kind:
    """How people say a fact, say that it changed, and ask for it; {} is the value. `changes`: whether it may get other values."""

    values: dict[str, list[str]]
    says: dict[str, list[str]]
    changed: dict[str, list[str]]
    asks: dict[str, list[str]]
    changes: bool = True


def phone(dice: random.Random) -> str:
    return f"010-{dice.randrange(1000, 9999)}-{dice.randrange(1000, 9999)}"


KINDS: dict[str, Kind] = {
    "home": Kind(
        CITIES,
        {"en": ["I live in {}.", "By the way, I'm based in {} these days.", "I've been living in {} for two years."],
         "ko": ["나는 {}에 살아.", "저는 지금 {}에서 살고 있어요.", "참고로 난 {}에 거주하고 있어."]},
        {"en": ["I moved to {} last week.", "Big news, we just relocated to {}!", "I live in {} now."],
         "ko": ["지난주에 {}로 이사했어.", "저 이번에 {}으로 이사 왔어요.", "이제는 {}에 살아."]},
        {"en": ["Where do I live?", "Which city do I live in now?"], "ko": ["내가 어디에 살지?", "제가 지금 사는 곳이 어디죠?"]},
    ),
    "employer": Kind(
        FIRMS,
        {"en": ["I work at {}.", "I'm working for {} as of this year.", "I have a job at {}."],
         "ko": ["나는 {}에서 일해.", "저 {}에 다녀요.", "{}에서 근무하고 있습니다."]},
        {"en": ["I quit my old job and joined {}.", "I started working at {} on Monday.", "I switched jobs, I work for {} now."],
         "ko": ["이번에 {}로 이직했어.", "저 {}에 입사했어요.", "지금은 {}에서 일하고 있어."]},
        {"en": ["Where do I work?", "Which company do I work for?"], "ko": ["내가 어디서 일하지?", "제 직장이 어디예요?"]},
    ),
    "pet": Kind(
        PETS,
        {"en": ["My dog's name is {}.", "My dog is called {}.", "The name of my dog is {}."],
         "ko": ["우리 강아지 이름은 {}야.", "제 강아지 이름은 {}예요.", "우리 강아지는 {}라고 불러."]},
        {"en": [], "ko": []},
        {"en": ["What is my dog's name?", "What's my dog called?"], "ko": ["우리 강아지 이름이 뭐지?", "강아지 이름 기억해?"]},
        changes=False,
    ),
    "food": Kind(
        FOODS,
        {"en": ["My favorite food is {}.", "My favourite food has always been {}.", "{} is my favorite food."],
         "ko": ["내가 제일 좋아하는 음식은 {}야.", "제 최애 음식은 {}입니다.", "내 최애 음식은 {}이야."]},
        {"en": ["My favorite food is {} now.", "Actually, my favorite food changed to {}."],
         "ko": ["요즘 내 최애 음식은 {}야.", "내가 제일 좋아하는 음식이 {}로 바뀌었어."]},
        {"en": ["What's my favorite food?", "Which food is my favorite?"], "ko": ["내 최애 음식이 뭐지?", "내가 제일 좋아하는 음식은?"]},
    ),
    "allergy": Kind(
        ALLERGENS,
        {"en": ["I'm allergic to {}.", "I have an allergy to {}.", "I have a {} allergy."],
         "ko": ["나 {} 알레르기 있어.", "저는 {} 알레르기가 있어요.", "나는 {}에 알레르기가 있어."]},
        {"en": [], "ko": []},
        {"en": ["What am I allergic to?", "Do I have any allergies?"], "ko": ["내가 무슨 알레르기가 있지?", "제 알레르기가 뭐였죠?"]},
        changes=False,
    ),
    "exam": Kind(
        DATES,
        {"en": ["My exam is on {}.", "I have an exam on {}.", "The exam is on {}."],
         "ko": ["{}에 시험이 있어.", "시험은 {}이야.", "내 시험 날짜는 {}이야."]},
        {"en": ["My exam was moved to {}.", "The exam is now on {}.", "They postponed my exam to {}."],
         "ko": ["시험이 {}로 바뀌었어.", "시험 날짜가 {}로 변경됐어요.", "시험이 {}로 연기됐어."]},
        {"en": ["When is my exam?", "What date is the exam?"], "ko": ["시험이 언제지?", "제 시험 날짜 알려 주세요."]},
    ),
    "goal": Kind(
        GOALS,
        {"en": ["My goal is to {}.", "My goal this year is to {}.", "I want to {}."],
         "ko": ["내 목표는 {}이야.", "올해 목표는 {}입니다.", "제 목표는 {}이에요."]},
        {"en": ["My goal is now to {}.", "I changed my goal: I want to {}."], "ko": ["목표를 {}로 바꿨어.", "이제 내 목표는 {}이야."]},
        {"en": ["What is my goal?", "What was my goal again?"], "ko": ["내 목표가 뭐였지?", "제 목표 기억하세요?"]},
    ),
    "hobby": Kind(
        HOBBIES,
        {"en": ["My hobby is {}.", "My main hobby is {}.", "For fun, my hobby is {}."],
         "ko": ["내 취미는 {}이야.", "제 취미는 {}입니다.", "취미는 {}이에요."]},
        {"en": ["My hobby is {} now.", "My new hobby is {}."], "ko": ["요즘 취미는 {}이야.", "취미가 {}으로 바뀌었어."]},
        {"en": ["What's my hobby?", "What hobby do I have?"], "ko": ["내 취미가 뭐지?", "제 취미 아세요?"]},
    ),
    "weak": Kind(
        SUBJECTS,
        {"en": ["I'm weak in {}.", "I struggle with {}.", "I'm bad at {}."],
         "ko": ["나는 {}이 약해.", "저는 {}을 못해요.", "나 {}이 너무 어려워."]},
        {"en": [], "ko": []},
        {"en": ["Which subject am I weak in?", "What do I struggle with?"], "ko": ["내가 약한 과목이 뭐지?", "제가 어려워하는 과목은요?"]},
        changes=False,
    ),
    "drink": Kind(
        DRINKS,
        {"en": ["I love {}.", "I really like {}.", "I enjoy {}."], "ko": ["나는 {}를 좋아해.", "저는 {} 정말 좋아해요.", "나 {} 좋아해."]},
        {"en": [], "ko": []},
        {"en": ["What drink do I like?", "What do I like to drink?"], "ko": ["내가 좋아하는 음료가 뭐지?", "제가 뭘 좋아한다고 했죠?"]},
        changes=False,
    ),
    "job": Kind(
        JOBS,
        {"en": ["I work as a {}.", "My job is {}.", "I'm a {} by profession."],
         "ko": ["내 직업은 {}야.", "저는 {}로 일하고 있어요.", "제 직업은 {}입니다."]},
        {"en": ["I became a {}.", "I'm working as a {} now."], "ko": ["이제 {}로 일해.", "직업을 {}로 바꿨어."]},
        {"en": ["What is my job?", "What's my profession?"], "ko": ["내 직업이 뭐지?", "제 직업이 뭐였죠?"]},
    ),
    "phone": Kind(
        {"en": [], "ko": []},
        {"en": ["My phone number is {}.", "You can reach me, my number is {}."], "ko": ["내 전화번호는 {}이야.", "제 번호는 {}입니다."]},
        {"en": ["My phone number changed to {}.", "My new phone number is {}."],
         "ko": ["전화번호가 {}로 바뀌었어.", "제 새 전화번호는 {}예요."]},
        {"en": ["What's my phone number?"], "ko": ["내 전화번호가 뭐지?", "제 번호 알려 주세요."]},
    ),
}

# Sentences that the rules were not tuned on: first statement, change, question
KEPT_APART: dict[str, dict[str, tuple[list[str], list[str], list[str]]]] = {
    "home": {
        "en": (["My apartment is in {}.", "Home for me is {}."],
               ["I packed everything up and now {} is home.", "We settled down in {} last month."],
               ["What city am I living in?", "Where's my place?"]),
        "ko": (["우리 집은 {}야.", "제 자취방이 {}에 있어요."], ["드디어 {}에 정착했어.", "집을 {}으로 옮겼어요."],
               ["나 지금 어느 도시에 살아?", "우리 집이 어디였지?"]),
    },
    "employer": {
        "en": (["{} is my employer.", "I'm employed by {}."], ["I left for a new position at {}.", "{} hired me!"],
               ["Who is my employer?", "What company am I at?"]),
        "ko": (["직장은 {}야.", "제가 다니는 회사는 {}예요."], ["{}에 취직했어.", "회사를 {}로 옮겼습니다."],
               ["나 무슨 회사 다녀?", "제가 다니는 회사 기억나세요?"]),
    },
    "pet": {"en": (["I have a dog named {}.", "We call our dog {}."], [], ["Do you remember the name of my dog?"]),
            "ko": (["{}라는 강아지를 키워.", "강아지를 키우는데 이름이 {}예요."], [], ["내가 키우는 강아지 이름은?"])},
    "food": {
        "en": (["Nothing beats {}, my favorite food.", "If I had to pick a favorite food, it's {}."],
               ["These days {} is my favorite food."], ["What food do I like the most?"]),
        "ko": (["음식 중에는 {}가 제일 좋아.", "나는 음식은 무조건 {}지."], ["이제는 음식 중에 {}가 더 좋아."],
               ["내가 무슨 음식을 제일 좋아해?"]),
    },
    "allergy": {
        "en": (["{} give me an allergic reaction.", "My doctor says I have to avoid {} because of an allergy."], [],
               ["Which allergies should you know about?"]),
        "ko": (["{} 먹거나 닿으면 알레르기가 올라와.", "의사가 {} 알레르기래요."], [], ["나 알레르기 있는 거 뭐야?"]),
    },
    "exam": {
        "en": (["I'm taking my exam on {}.", "Exam day is {}."],
               ["They rescheduled the exam, it's {} now.", "Turns out the exam takes place on {}."], ["On which day do I have my exam?"]),
        "ko": (["{}에 시험 봐.", "시험 보는 날이 {}예요."], ["시험 일정이 {}로 밀렸어.", "알고 보니 시험이 {}이더라."],
               ["나 시험 며칠이야?"]),
    },
    "goal": {
        "en": (["What I'm aiming for is to {}, that's my goal.", "I've set myself a goal: {}."], ["New goal: {}."],
               ["Remind me of my goal."]),
        "ko": (["목표로 하는 건 {}야.", "내가 세운 목표, {}."], ["목표 바꿨어, {}."], ["목표가 뭐라고 했더라?"]),
    },
    "hobby": {
        "en": (["In my free time I go for {}, my hobby.", "I've taken up {} as a hobby."], ["I picked up {} as my hobby instead."],
               ["How do I spend my free time, what hobby?"]),
        "ko": (["취미로 {} 해.", "{}이 취미예요."], ["취미를 {}으로 바꿔 봤어."], ["나 취미로 뭐 해?"]),
    },
    "weak": {"en": (["{} is my weak point.", "{} gives me a hard time, it's my weakest subject."], [], ["What's my weakest subject?"]),
             "ko": (["{}이 제일 약한 과목이야.", "{} 과목은 자신이 없어요."], [], ["내 약한 과목이 뭐였더라?"])},
    "drink": {"en": (["I can't live without {}.", "I'm a big fan of {}."], [], ["What's the drink I'm fond of?"]),
              "ko": (["나 {} 없으면 못 살아.", "음료는 {}가 최고지."], [], ["내가 어떤 음료를 즐겨?"])},
    "job": {
        "en": (["By profession I am a {}.", "I earn my living as a {}."], ["I've retrained, my job is {} these days."],
               ["What do I do for a living, my job?"]),
        "ko": (["직업이 {}예요.", "{} 일을 하고 있어."], ["직업이 {}로 바뀌었습니다."], ["나 직업이 뭐라고 했지?"]),
    },
    "phone": {
        "en": (["Call me at {}.", "Here's my phone number: {}."], ["I got a new phone number, {}."],
               ["How can I be reached by phone, what number?"]),
        "ko": (["번호 {}로 연락 주세요.", "내 번호 저장해 둬, {}."], ["전화번호 바꿨어, {}."], ["내 휴대폰 번호 뭐였지?"]),
    },
}

# The same again, written after the rules had been mended by what KEPT_APART had shown, and looked at by nobody since
UNSEEN: dict[str, dict[str, tuple[list[str], list[str], list[str]]]] = {
    "home": {
        "en": (["I grew roots in {} and still stay there.", "You'll find me in {}, that's where my flat is."],
               ["As of May my new address is in {}.", "We sold the house and went over to {} for good."],
               ["Which town am I in these days?", "Remind me where I'm living."]),
        "ko": (["저는 {} 주민이에요.", "지금은 {}에서 지내고 있어."], ["얼마 전에 {}로 거처를 옮겼어.", "이번에 {}에 전셋집 구했어요."],
               ["나 어디 산다고 했지?", "제가 어느 지역에 사나요?"]),
    },
    "employer": {
        "en": (["I'm on the payroll of {}.", "My employer is {}."], ["Today was my first day at {}.", "I handed in my notice and signed "
                                                                                                      "with {}."],
               ["Which firm employs me?", "Whose payroll am I on?"]),
        "ko": (["저는 {} 직원이에요.", "{}에 몸담고 있어."], ["다음 회사는 {}야, 오늘 첫 출근했어.", "{}로 회사를 옮기게 됐어요."],
               ["내가 근무하는 회사 이름이 뭐야?", "저 어느 회사 소속이죠?"]),
    },
    "pet": {"en": (["Our puppy answers to {}.", "{} is the name we gave our dog."], [], ["How is my dog called?"]),
            "ko": (["강아지 이름을 {}로 지었어.", "우리 집 강아지, {}라고 해요."], [], ["우리 집 강아지를 뭐라고 부르지?"])},
    "food": {
        "en": (["The dish I like most is {}.", "I could eat {} every day, it's my favorite food."],
               ["My taste has changed, {} is my favorite food now."], ["Which dish do I like best?"]),
        "ko": (["{}가 내 최애 음식이야.", "세상에서 {}를 제일 좋아해요."], ["입맛이 바뀌어서 이제 최애 음식은 {}야."],
               ["내가 가장 좋아한다고 한 음식이 뭐였어?"]),
    },
    "allergy": {
        "en": (["{} make my throat swell up, I'm allergic.", "Please keep {} off my plate, it's an "
                                                             "allergy."], [], ["What must I not eat, allergy-wise?"]),
        "ko": (["{} 알레르기 때문에 조심해야 해.", "저는 {} 알레르기 환자예요."], [], ["내가 조심해야 하는 알레르기가 뭐야?"]),
    },
    "exam": {
        "en": (["I'll sit the exam on {}.", "My exam has been scheduled for {}."],
               ["The new date for the exam is {}.", "They pushed my exam back to {}."], ["What day is my exam again?"]),
        "ko": (["내 시험은 {}에 치러.", "{}이 시험 보는 날이야."], ["시험이 {}로 미뤄졌대.", "시험 날짜가 {}로 다시 잡혔어요."],
               ["내 시험이 언제라고 했지?"]),
    },
    "goal": {
        "en": (["My big goal for this year: {}.", "I've made up my mind to {}."], ["I dropped that goal, now I'm determined to {}."],
               ["What am I aiming for this year?"]),
        "ko": (["{}, 이게 올해 내 목표야.", "올해는 {}에 도전할 거야."], ["목표가 {}로 달라졌어."], ["올해 내 목표가 뭐야?"]),
    },
    "hobby": {
        "en": (["My weekends belong to {}, it's my hobby.", "As for hobbies, I do {}."], ["I gave up my old hobby and now do {}."],
               ["What's the hobby I told you about?"]),
        "ko": (["주말마다 취미로 {} 하러 다녀.",
            "내가 즐기는 취미는 {}이야."], ["요새는 취미로 {}에 빠졌어."], ["내가 즐기는 취미가 뭐라고 했지?"]),
    },
    "weak": {"en": (["I just don't get {}, it's my weak spot.", "{} is the subject I'm worst at."], [], ["What subject am I worst at?"]),
             "ko": (["나는 {}에 약한 편이야.", "저는 {}이 발목을 잡아요."], [], ["내가 제일 자신 없는 과목이 뭐야?"])},
    "drink": {"en": (["My go-to drink is {}.", "I'm hooked on {}."], [], ["What's my favorite thing to drink?"]),
              "ko": (["난 {}를 달고 살아.", "저는 음료 중에 {}가 최고예요."], [], ["내가 자주 마시는 음료가 뭐지?"])},
    "job": {
        "en": (["I've been a {} for ten years.", "My profession? I'm a {}."], ["I now earn my money as a {}.", "I changed careers and "
                                                                                                               "became a {}."],
               ["What's my occupation?"]),
        "ko": (["저는 {}예요.", "{}로 밥 먹고 살아."], ["전직해서 지금은 {}야."], ["내가 무슨 일을 한다고 했지?"]),
    },
    "phone": {
        "en": (["If you need me, dial {}.", "{} is my phone number."], ["I switched providers, so my number is {} now."],
               ["Which phone number did I give you?"]),
        "ko": (["제 연락처는 {}예요.", "{}, 이게 내 번호야."], ["번호가 {}로 변경됐어요."], ["내 연락처가 뭐였지?"]),
    },
}
APART = {"apart": KEPT_APART, "unseen": UNSEEN}

CHATTER = {
    "en": ["Can you explain photosynthesis?", "Thanks, that helps a lot.", "What's the weather like there?", "Let me think about it.",
           "I watched a film about people who live on the moon.", "How do I convert a list to a tuple?",
           "That exam question was tricky, explain it again.", "Could you write a short poem about autumn?",
           "Interesting, tell me more about Busan.", "What is a good recipe with tofu?", "My friend lives in {city}.",
           "My brother works at {firm}.", "My sister's favorite food is {food}.", "My colleague is allergic to {allergen}.",
           "Which company makes the best phones?", "I read an article on climbing gear.", "Is green tea healthy?",
           "What city should I visit next?"],
    "ko": ["광합성을 설명해 줘.", "고마워, 도움이 됐어.", "오늘 날씨 어때?", "조금 더 생각해 볼게.", "달에 사는 사람들 이야기를 봤어.",
           "파이썬에서 리스트를 어떻게 합쳐?", "그 시험 문제 다시 설명해 줘.", "가을에 대한 짧은 시를 써 줄래?", "부산에 대해 더 알려 줘.",
           "두부로 만드는 요리 추천해 줘.", "내 친구는 {city}에 살아.", "우리 형은 {firm}에서 일해.", "제 동생은 {food}를 좋아해요.",
           "회사 동료가 {allergen} 알레르기가 있대.", "어느 회사 휴대폰이 좋아?", "등산 장비에 대한 글을 읽었어.", "녹차는 몸에 좋아?",
           "다음에는 어느 도시에 가면 좋을까?"],
}
REPLIES = {
    "en": ["Of course. Here is a short explanation.", "Glad to help!", "Noted.", "Here are three ideas you could try.",
           "Could you tell me more?"],
    "ko": ["네, 짧게 설명해 드릴게요.", "도움이 되었다니 기뻐요!", "기억해 둘게요.", "세 가지 방법이 있어요.", "조금 더 말해 주시겠어요?"],
}


@dataclass(frozen=True)
class Said:
    """One message."""

    session: str
    user: str
    role: str
    text: str
    at: datetime.datetime


@dataclass
class Fact:
    """What one user said of one kind: values in turn, the last is current; `rivals` were said at the same moment as it."""

    user: str
    kind: str
    language: str
    written: str  # which sentences say it: tuned, apart, unseen
    values: list[str] = field(default_factory=list)
    rivals: list[str] = field(default_factory=list)
    question: str = ""


@dataclass
class Talk:
    """Messages in the order of time, and what is true at their end."""

    messages: list[Said]
    facts: list[Fact]


def talk(messages: int = 10_000, sessions: int = 50, users: int = 20, seed: int = 1) -> Talk:
    """A conversation of each user with an agent: about one message in twenty states a fact, every other one is the agent's."""
    dice = random.Random(seed)
    names = [f"user{n:02}" for n in range(users)]
    facts = [_fact(dice, name, kind) for name in names for kind in KINDS]
    owners = [names[n % users] for n in range(sessions)]
    slots: dict[str, list[int]] = {name: [] for name in names}  # positions of each user's own messages
    per_session = messages // sessions
    for number in range(sessions):
        slots[owners[number]] += [number * per_session + at for at in range(0, per_session, 2)]
    spoken: dict[int, str] = {}
    for name in names:
        mine = [(fact, n) for fact in facts if fact.user == name for n in range(len(fact.values))]
        places = sorted(dice.sample(slots[name], len(mine)))
        order = _in_turn(dice, mine)
        for place, (fact, n) in zip(places, order, strict=True):
            spoken[place] = _statement(dice, fact, n)
    made = []
    for at in range(per_session * sessions):
        name = owners[at // per_session]
        language = "ko" if int(name[4:]) % 2 else "en"
        role = "user" if at % 2 == 0 else "assistant"
        text = spoken.get(at) or (_chatter(dice, language) if role == "user" else dice.choice(REPLIES[language]))
        made.append(Said(f"s{at // per_session:02}", name, role, text, START + datetime.timedelta(minutes=20 * at)))
    for fact in facts:
        if fact.rivals:
            last = next(m for m in reversed(made) if m.user == fact.user and fact.values[-1] in m.text and m.role == "user")
            made.append(Said(last.session, fact.user, "user", _statement(dice, fact, -1, fact.rivals[0]), last.at))
    return Talk(sorted(made, key=lambda m: m.at), facts)


def _fact(dice: random.Random, user: str, kind: str) -> Fact:
    main = "ko" if int(user[4:]) % 2 else "en"
    language = main if dice.random() < 0.9 else ("en" if main == "ko" else "ko")
    which = dice.random()
    fact = Fact(user, kind, language, "tuned" if which > .5 else "apart" if which > .25 else "unseen")
    how = KINDS[kind]
    count = dice.choice([1, 2, 3]) if how.changes else 1
    fact.values = [phone(dice) for _ in range(count)] if kind == "phone" else dice.sample(how.values[language], count)
    if how.changes and fact.written == "tuned" and dice.random() < 0.06:
        rest = [v for v in (how.values[language] or [phone(dice)]) if v not in fact.values]
        fact.rivals = [dice.choice(rest)]
    fact.question = dice.choice(how.asks[language] if fact.written == "tuned" else APART[fact.written][kind][language][2])
    return fact


def _in_turn(dice: random.Random, mine: list[tuple[Fact, int]]) -> list[tuple[Fact, int]]:
    """Shuffled, but each fact's values in their order."""
    order = mine[:]
    dice.shuffle(order)
    left = {id(fact): iter(range(len(fact.values))) for fact, _ in mine}
    return [(fact, next(left[id(fact)])) for fact, _ in order]


def _statement(dice: random.Random, fact: Fact, number: int, value: str | None = None) -> str:
    how = KINDS[fact.kind]
    is_first = number == 0 or value is not None
    if fact.written != "tuned":
        first, change, _ = APART[fact.written][fact.kind][fact.language]
        chosen = dice.choice(first if is_first else change)
    else:
        chosen = dice.choice((how.says if is_first else how.changed)[fact.language])
    said = value or fact.values[number]
    return _with_particle(chosen.format(said), said)


def _chatter(dice: random.Random, language: str) -> str:
    return dice.choice(CHATTER[language]).format(city=dice.choice(CITIES[language]), firm=dice.choice(FIRMS[language]),
                                                 food=dice.choice(FOODS[language]), allergen=dice.choice(ALLERGENS[language]))


_PAIRS = (("으로", "로"), ("이에요", "예요"), ("이야", "야"), ("이라고", "라고"), ("이라는", "라는"), ("을", "를"), ("이", "가"))


def _with_particle(text: str, value: str) -> str:
    """The particle after a Korean value, as its last syllable asks for it."""
    at = text.find(value) + len(value)
    last = value[-1]
    if not ("가" <= last <= "힣"):
        return text
    closed = (ord(last) - 0xAC00) % 28
    for with_final, without in _PAIRS:
        for form in (with_final, without):
            if text.startswith(form, at) and not text.startswith(("이더라", "이 취미", "일"), at):
                wanted = with_final if closed and not (form in ("으로", "로") and closed == 8) else without
                return text[:at] + wanted + text[at + len(form) :]
    return text
